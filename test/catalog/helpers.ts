import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.ts';
import type { ContentFacts } from '../../src/catalog/embeddings.ts';
import type { Chunk, ChunkKind, EmbeddedRecording } from '../../src/domain.ts';

/** A folder that is deleted when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openCatalog(folder: string = tempFolder(), options: CatalogOptions = {}): Catalog {
  const catalog = new Catalog(path.join(folder, 'catalog.sqlite'), options);
  onTestFinished(() => catalog.close());
  return catalog;
}

export function factsOf(key: string, changes: Partial<ContentFacts> = {}): ContentFacts {
  return {
    key,
    sizeBytes: 1000,
    mtimeMs: 1.5,
    etag: null,
    contentSha256: key.padEnd(64, '0').slice(0, 64),
    ...changes,
  };
}

/** Chunks of 10 s whose vectors all differ, of the kinds given. */
export function recordingOf(
  kinds: readonly ChunkKind[],
  { spaceId = 'space-a', dimensions = 4, seed = 1 }: { spaceId?: string; dimensions?: number; seed?: number } = {},
): EmbeddedRecording {
  const chunks = kinds.map(
    (kind, index): Chunk => ({
      index,
      startSec: index * 10,
      endSec: index * 10 + 10,
      overlapSec: 0,
      kind,
      loudnessDb: -20 - index,
      vector: unitVector(dimensions, seed * 1000 + index),
    }),
  );
  return {
    spaceId,
    durationSec: kinds.length * 10,
    tags: { title: `Title ${seed}`, artist: null, album: null },
    chunks,
    fingerprint: { items: Uint32Array.of(seed, 0xffff_ffff), itemSec: 0.125 },
  };
}

function unitVector(dimensions: number, seed: number): Float32Array {
  const raw = Array.from({ length: dimensions }, (_, at) => Math.sin(seed * 12.9898 + at * 78.233));
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / length);
}
