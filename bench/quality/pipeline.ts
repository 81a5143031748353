/** The product's space, with the product's code: the real worker decodes, cuts, gates and embeds; FAISS searches. The worker's
 *  answers are cached by space id and content.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { EmbeddedRecording } from '../../src/domain.ts';
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { startLocalWorker } from '../../src/embedding/local-worker.ts';
import { decodeUint32, encodeArray } from '../../src/embedding/packed-arrays.ts';
import { fromWireChunk, toWireChunk } from '../../src/embedding/wire-format.ts';
import { LeitmotifError } from '../../src/errors.ts';
import { FaissIndex } from '../../src/index/faiss-index.ts';
import { createFlatFile, rowBytes } from '../../src/index/flat-file.ts';
import type { ShardFile } from '../../src/index/index-shard.ts';
import type { VectorIndex } from '../../src/index/vector-index.ts';
import { type SpacePart, wholeOf, writePart } from '../../src/ranking/space-parts.ts';
import { byteCache } from '../cache.ts';
import { trainedDirs } from '../models/available.ts';
import type { BenchSpace, Passage } from './spaces.ts';

const repository = resolve(import.meta.dirname, '../..');

export interface Pipeline {
  readonly space: BenchSpace;
  readonly spaceId: string;
  readonly dimensions: number;
  readonly recording: (passage: Passage) => Promise<EmbeddedRecording>;
  readonly close: () => Promise<void>;
}

const mebibyte = 2 ** 20;

/** Starts the worker like the product, with its defaults. */
export async function startPipeline(cacheDir: string, model: string): Promise<Pipeline> {
  const inferenceProcesses = Math.max(1, Math.min(2, availableParallelism()));
  const worker = await startLocalWorker({
    entry: join(repository, 'embedding-worker/main.ts'),
    worker: {
      modelsDirs: trainedDirs(process.env),
      device: 'cpu',
      models: [model],
      windowSec: 10,
      inferenceProcesses,
      concurrencyMax: inferenceProcesses + 1,
      queueMax: 8,
      requestDeadlineMs: 600_000,
      audioLimits: {
        deadlineMs: 600_000,
        durationMaxSec: 4 * 3600,
        bytesMax: 1024 * mebibyte,
        memoryMaxBytes: 512 * mebibyte,
      },
      logLevel: 'error',
    },
    environment: process.env,
    startTimeoutMs: 60_000,
  });
  const client = new EmbeddingClient({
    target: { socketPath: worker.socketPath },
    token: worker.token,
    model,
    deadlineMs: 600_000,
    whenReady: (signal) => worker.whenReady(signal),
  });
  const served = (await client.models()).models.find(({ name }) => name === model);
  if (!served) throw new Error(`Cannot run the benchmark: the worker does not serve the model ${model}`);
  const recording = cachedRecordings(client, served.spaceId, served.dimensions, cacheDir);
  const embed = async (passage: Passage) => (await recording(passage)).chunks.filter(({ kind }) => kind === 'music');
  return {
    space: { name: model, embed, fit: () => (vector) => vector },
    spaceId: served.spaceId,
    dimensions: served.dimensions,
    recording,
    close: async () => {
      await client.close();
      await worker.close();
    },
  };
}

function cachedRecordings(client: EmbeddingClient, spaceId: string, dimensions: number, cacheDir: string) {
  const cache = byteCache(join(cacheDir, 'quality'));
  return async ({ path, fromSec, toSec }: Passage): Promise<EmbeddedRecording> => {
    const identity = [spaceId, await contentHash(path), fromSec ?? null, toSec ?? null];
    const range = { ...(fromSec === undefined ? {} : { fromSec }), ...(toSec === undefined ? {} : { toSec }) };
    const bytes = await cache('recordings', identity, async () => {
      const embedded = await embedOrNothing(client, path, range, spaceId);
      return Buffer.from(JSON.stringify(encodeRecording(embedded)));
    });
    return decodeRecording(cachedRecording.parse(JSON.parse(Buffer.from(bytes).toString())), dimensions);
  };
}

/** A recording without sound is a result of the benchmark, not a failure. */
async function embedOrNothing(
  client: EmbeddingClient,
  path: string,
  range: { fromSec?: number; toSec?: number },
  spaceId: string,
): Promise<EmbeddedRecording> {
  try {
    return await client.embed(path, { ...range, signal: new AbortController().signal });
  } catch (error) {
    if (
      !(error instanceof LeitmotifError) ||
      !['audio-empty', 'audio-no-sound', 'audio-too-short'].includes(error.code)
    ) {
      throw error;
    }
    const tags = { title: null, artist: null, album: null };
    return {
      spaceId,
      durationSec: 0,
      tags,
      chunks: [],
      fingerprint: { items: new Uint32Array(), itemSec: 1365 / 11_025 },
    };
  }
}

const cachedRecording = z.object({
  spaceId: z.string(),
  durationSec: z.number(),
  chunks: z.array(
    z.object({
      index: z.number(),
      startSec: z.number(),
      endSec: z.number(),
      overlapSec: z.number(),
      loudnessDb: z.number(),
      kind: z.enum(['music', 'silence', 'applause', 'noise']),
      vector: z.string(),
    }),
  ),
  fingerprint: z.object({ items: z.string(), itemSec: z.number() }),
});

function encodeRecording({ spaceId, durationSec, chunks, fingerprint }: EmbeddedRecording): unknown {
  const { items, itemSec } = fingerprint;
  return { spaceId, durationSec, chunks: chunks.map(toWireChunk), fingerprint: { items: encodeArray(items), itemSec } };
}

function decodeRecording(cached: z.infer<typeof cachedRecording>, dimensions: number): EmbeddedRecording {
  const { spaceId, durationSec, chunks, fingerprint } = cached;
  return {
    spaceId,
    durationSec,
    tags: { title: null, artist: null, album: null },
    chunks: chunks.map((chunk) => fromWireChunk(chunk, dimensions)),
    fingerprint: { items: decodeUint32(fingerprint.items), itemSec: fingerprint.itemSec },
  };
}

async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The vectors in a FAISS process, from flat files like those of a generation. The files are deleted when the index closes.
 *  @param parts default: the whole vector */
export async function faissIndex(
  vectors: readonly Float32Array[],
  parts: readonly SpacePart[] = [wholeOf(vectors[0]?.length ?? 0)],
): Promise<VectorIndex> {
  const dimensions = vectors[0]?.length ?? 0;
  const folder = await mkdtemp(join(tmpdir(), 'leitmotif-quality-'));
  const rowCount = vectors.length;
  const files: ShardFile[] = [];
  for (const part of parts) files.push(await writePartFile(join(folder, `${part.name}.faiss`), vectors, part));
  const index = await FaissIndex.open({ dimensions, parts, shards: [{ rowCount, files }] });
  return {
    rowCount: index.rowCount,
    dimensions,
    parts,
    search: (queries, k, options) => index.search(queries, k, options),
    close: async () => {
      await index.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** One part of the vectors in a flat file, as a generation stores it. */
export async function writePartFile(
  path: string,
  vectors: readonly Float32Array[],
  part: SpacePart,
): Promise<ShardFile> {
  const { dimensions } = part;
  const file = await createFlatFile(path, { rowCount: vectors.length, dimensions });
  const row = new Float32Array(dimensions);
  for (const vector of vectors) {
    writePart(vector, part, row);
    await file.write(rowBytes(row));
  }
  return { path, dimensions, ...(await file.finish()) };
}
