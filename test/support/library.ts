/** A library of synthetic tracks, indexed by the real program: worker, ONNX, SQLite and FAISS. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { type App, buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Answer } from '../../src/query/answer.ts';
import type { QueryRequest } from '../../src/query/query-request.ts';
import { defaultFusion } from '../../src/query/query-request.ts';
import { engineEnvironment } from './engine.ts';
import { writePiece } from './pieces.ts';

export const projectRoot = path.resolve(import.meta.dirname, '../..');
export const never = new AbortController().signal;

export interface TestLibrary extends AsyncDisposable {
  /** The folder of everything; removed at the end. */
  readonly folder: string;
  readonly music: string;
  readonly indexDir: string;
  readonly app: App;
  open(environment?: Record<string, string>): Promise<App>;
}

/** Six pieces of 47 s; one has a title and an artist, one is in a subfolder. */
export async function makeLibrary(): Promise<TestLibrary> {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-library-'));
  const music = path.join(folder, 'music');
  const indexDir = path.join(folder, 'index');
  mkdirSync(path.join(music, 'below'), { recursive: true });
  for (let seed = 1; seed <= 5; seed++) writePiece(path.join(music, `piece-${seed}.ogg`), seed, 47);
  const tags = ['-metadata', 'title=A Titled Piece', '-metadata', 'artist=Somebody'];
  writePiece(path.join(music, 'below', 'piece-6.mp3'), 6, 47, tags);
  const library = openLibrary({ folder, music, indexDir });
  const app = await library.open();
  await app.indexing.index({ library: new FolderLibrary(music), signal: never });
  return { ...library, app };
}

/** An indexed library. */
export function openLibrary(place: Pick<TestLibrary, 'folder' | 'music' | 'indexDir'>): Omit<TestLibrary, 'app'> {
  const apps: App[] = [];
  return {
    ...place,
    async open(environment = {}) {
      const config = readConfig(
        { INDEX_DIR: place.indexDir, LOG_LEVEL: 'silent', ...engineEnvironment, ...environment },
        projectRoot,
      );
      const log = pino({ level: 'silent' });
      const app = await buildApp(config, { root: projectRoot, environment: process.env, log });
      apps.push(app);
      return app;
    },
    async [Symbol.asyncDispose]() {
      for (const each of apps) await each.close();
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

export function ask(app: App, file: string, options: Partial<QueryRequest> = {}): Promise<Answer> {
  return app.queries.similar({
    ...{ path: file, neighbours: 5, fusion: defaultFusion, resultsMax: 10, includeNonMusic: false, signal: never },
    ...options,
  });
}
