import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.ts';
import type { EmbeddedRecording } from '../../src/domain.ts';
import { isErrorCode, LeitmotifError } from '../../src/errors.ts';
import { FolderGenerations } from '../../src/indexing/folder-generations.ts';
import type { Embed } from '../../src/indexing/index-track.ts';
import { type IndexRunOptions, runIndex } from '../../src/indexing/run.ts';
import type { IndexSummary } from '../../src/indexing/summary.ts';
import { FolderLibrary } from '../../src/library/folder.ts';

/** A folder that is deleted when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Replaces the worker where a test concerns files and not sound: a pure function of the bytes. As many
 *  chunks as the size modulo 4, plus one; a file that starts with an error code fails with it. */
export function embedBytes(bytes: Uint8Array, spaceId = 'space-a', dimensions = 8): EmbeddedRecording {
  const [code = ''] = Buffer.from(bytes).toString('utf8').split(' ');
  if (isErrorCode(code)) throw new LeitmotifError(code, `It says ${code}`);
  const chunks = Array.from({ length: (bytes.length % 4) + 1 }, (_, index) => ({
    index,
    startSec: index * 10,
    endSec: index * 10 + 10,
    overlapSec: 0,
    loudnessDb: -20 - index,
    kind: 'music' as const,
    vector: vectorOf(createHash('sha512').update(bytes).update(String(index)).digest(), dimensions),
  }));
  return {
    spaceId,
    durationSec: chunks.length * 10,
    tags: { title: null, artist: null, album: null },
    chunks,
    fingerprint: { items: Uint32Array.of(bytes.length), itemSec: 0.125 },
  };
}

function vectorOf(hash: Buffer, dimensions: number): Float32Array {
  const raw = Array.from({ length: dimensions }, (_, at) => hash.readInt32LE(at * 4));
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / length);
}

/** A library, an index, and a list of the embedded files. */
export class Bench {
  readonly music = tempFolder();
  readonly indexDir = tempFolder();
  readonly catalog: Catalog;
  readonly embedded: string[] = [];
  readonly generations: FolderGenerations;

  constructor(options: CatalogOptions = {}) {
    this.catalog = new Catalog(path.join(this.indexDir, 'catalog.sqlite'), options);
    onTestFinished(() => this.catalog.close());
    this.generations = new FolderGenerations({ indexDir: this.indexDir, catalogId: this.catalog.id, shardsMax: 2 });
  }

  /** Writes a file with a new time, so that every write is detected. */
  put(key: string, content: string): void {
    const file = path.join(this.music, key);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    this.#clock += 1;
    utimesSync(file, this.#clock, this.#clock);
  }
  #clock = 1_000_000;

  touch(key: string): void {
    this.put(key, readFileSync(path.join(this.music, key), 'utf8'));
  }

  timeOf(key: string): number {
    return statSync(path.join(this.music, key)).mtimeMs;
  }

  readonly embed: Embed = async (file) => {
    this.embedded.push(path.relative(this.music, file));
    return embedBytes(readFileSync(file));
  };

  async run(changes: Partial<IndexRunOptions> = {}): Promise<IndexSummary> {
    this.embedded.length = 0;
    return await runIndex({
      catalog: this.catalog,
      library: new FolderLibrary(this.music),
      generations: this.generations,
      spaceId: 'space-a',
      embed: this.embed,
      lockPath: path.join(this.indexDir, 'index.lock'),
      concurrency: 3,
      signal: new AbortController().signal,
      ...changes,
    });
  }

  /** The content of the next generation: the keys of the live tracks, each with its chunks. */
  rows(spaceId = 'space-a'): Record<string, string[]> {
    return rowsByKey(this.catalog, spaceId);
  }
}

export function rowsByKey(catalog: Catalog, spaceId: string): Record<string, string[]> {
  using snapshot = catalog.snapshot(spaceId, { includeNonMusic: true });
  const rows = [...snapshot.rows()];
  const tracks = catalog.tracks.byIds(rows.map(({ chunk }) => chunk.trackId));
  const found: Record<string, string[]> = {};
  for (const { chunk, vector } of rows) {
    const key = tracks.get(chunk.trackId)?.key ?? 'an unknown track';
    const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    found[key] = [...(found[key] ?? []), `${chunk.startSec} ${createHash('md5').update(bytes).digest('hex')}`];
  }
  return found;
}
