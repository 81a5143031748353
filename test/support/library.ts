/** A library of synthetic tracks, indexed by the real program: worker, ONNX, SQLite and FAISS. */
import { execFileSync } from 'node:child_process';
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
import { engineEnvironment, isOnServer } from './engine.ts';
import { oncePerRun, runFolder } from './once-per-run.ts';
import { writePiece } from './pieces.ts';

export const projectRoot = path.resolve(import.meta.dirname, '../..');
export const never = new AbortController().signal;
/** Beside other test files, an index job with its usual niceness would hardly proceed. */
export const atFullPriority = { INDEX_NICENESS: '0' };

export interface TestLibrary extends AsyncDisposable {
  /** The folder of everything; removed at the end. */
  readonly folder: string;
  readonly music: string;
  readonly indexDir: string;
  readonly app: App;
  open(environment?: Record<string, string>): Promise<App>;
}

/** Six pieces of 47 s; one has a title and an artist, one is in a subfolder. Rendered and indexed once a run; each caller gets a
 *  copy of its own. */
export async function makeLibrary(): Promise<TestLibrary> {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-library-'));
  const place = placeIn(folder);
  // A copy of an index in a server would share its collections.
  if (isOnServer || runFolder === undefined) await indexPieces(folder);
  // With the times of the files to the nanosecond: a new run finds nothing changed.
  else execFileSync('cp', ['-a', `${await oncePerRun(runFolder, 'library', indexPieces)}/.`, folder]);
  const library = openLibrary(place);
  const app = await library.open();
  app.catalog.libraryLocation = new FolderLibrary(place.music).location;
  return { ...library, app };
}

function placeIn(folder: string) {
  return { folder, music: path.join(folder, 'music'), indexDir: path.join(folder, 'index') };
}

async function indexPieces(folder: string): Promise<void> {
  const { music } = placeIn(folder);
  mkdirSync(path.join(music, 'below'), { recursive: true });
  for (let seed = 1; seed <= 5; seed++) writePiece(path.join(music, `piece-${seed}.ogg`), seed, 47);
  const tags = ['-metadata', 'title=A Titled Piece', '-metadata', 'artist=Somebody'];
  writePiece(path.join(music, 'below', 'piece-6.mp3'), 6, 47, tags);
  const app = await buildFor(placeIn(folder));
  await app.indexing.index({ library: new FolderLibrary(music), signal: never });
  await app.close();
}

/** An indexed library. */
export function openLibrary(place: Pick<TestLibrary, 'folder' | 'music' | 'indexDir'>): Omit<TestLibrary, 'app'> {
  const apps: App[] = [];
  return {
    ...place,
    async open(environment = {}) {
      const app = await buildFor(place, environment);
      apps.push(app);
      return app;
    },
    async [Symbol.asyncDispose]() {
      for (const each of apps) await each.close();
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

function buildFor({ indexDir }: Pick<TestLibrary, 'indexDir'>, environment: Record<string, string> = {}): Promise<App> {
  const config = readConfig(
    { INDEX_DIR: indexDir, LOG_LEVEL: 'silent', ...atFullPriority, ...engineEnvironment, ...environment },
    projectRoot,
  );
  return buildApp(config, { root: projectRoot, environment: process.env, log: pino({ level: 'silent' }) });
}

export function ask(app: App, file: string, options: Partial<QueryRequest> = {}): Promise<Answer> {
  return app.queries.similar({
    ...{ path: file, neighbours: 5, fusion: defaultFusion, resultsMax: 10, includeNonMusic: false, signal: never },
    ...options,
  });
}
