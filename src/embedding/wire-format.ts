/** The worker's wire format: what the lines of a `POST /v1/embeddings` answer hold. Shared by both sides.
 *
 *  The answer is NDJSON: one `info`, then `chunks` and `progress` as the work goes on, then exactly one `done` or
 *  `error`. An answer that ends with neither was cut off. Vectors are base64 of float32, little-endian.
 */
import { z } from 'zod';
import type { Chunk } from '../domain.ts';
import { decodeFloat32, encodeArray } from './packed-arrays.ts';

const seconds = z.number().nonnegative().finite();

export const infoLine = z.object({
  type: z.literal('info'),
  model: z.string(),
  spaceId: z.string(),
  dimensions: z.int().positive(),
  windowSec: z.number().positive(),
  /** As the container claims; null where it does not say. */
  durationSec: seconds.nullable(),
  title: z.string().nullable(),
  artist: z.string().nullable(),
  album: z.string().nullable(),
  /** Which of several streams of sound was listened to; left out for a file with one. */
  audioStream: z.object({ number: z.int().positive(), of: z.int().positive() }).optional(),
});

const wireChunk = z.object({
  index: z.int().nonnegative(),
  startSec: seconds,
  endSec: seconds,
  overlapSec: seconds,
  loudnessDb: z.number().finite(),
  kind: z.enum(['music', 'silence', 'applause', 'noise']),
  vector: z.base64(),
});

export const chunksLine = z.object({ type: z.literal('chunks'), chunks: z.array(wireChunk) });

export const progressLine = z.object({
  type: z.literal('progress'),
  decodedSec: seconds,
  chunksDone: z.int().nonnegative(),
});

export const doneLine = z.object({
  type: z.literal('done'),
  /** Measured while decoding: the truth, where `info` only had a claim. */
  durationSec: seconds,
  chunks: z.int().nonnegative(),
  musicChunks: z.int().nonnegative(),
  /** base64 of uint32, little-endian; one item each `itemSec` seconds. */
  fingerprint: z.object({ items: z.base64(), itemSec: z.number().positive() }),
  timingsMs: z.object({ queued: z.number(), decode: z.number(), embed: z.number(), total: z.number() }),
});

export const errorLine = z.object({ type: z.literal('error'), code: z.string(), message: z.string() });

export const workerLine = z.discriminatedUnion('type', [infoLine, chunksLine, progressLine, doneLine, errorLine]);

export type InfoLine = z.infer<typeof infoLine>;
export type DoneLine = z.infer<typeof doneLine>;
export type WorkerLine = z.infer<typeof workerLine>;
export type WireChunk = z.infer<typeof wireChunk>;

export function toWireChunk(chunk: Chunk): WireChunk {
  const { vector, ...rest } = chunk;
  return { ...rest, vector: encodeArray(vector) };
}

/** @throws {RangeError} when the vector has other than `dimensions` values */
export function fromWireChunk(wire: WireChunk, dimensions: number): Chunk {
  const { vector, ...rest } = wire;
  const decoded = decodeFloat32(vector);
  if (decoded.length !== dimensions) {
    throw new RangeError(`Cannot read a chunk: expected ${dimensions} values, got ${decoded.length}`);
  }
  return { ...rest, vector: decoded };
}

/** The answer of `GET /v1/models`. */
export const modelsAnswer = z.object({
  /** Recordings that the worker works on at once, of all its models; more wait in its queue. A worker of an older version
   *  does not tell. */
  recordingsMax: z.int().positive().optional(),
  /** What a request without `model` gets. */
  default: z.string(),
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      spaceId: z.string(),
      dimensions: z.int().positive(),
      windowSec: z.number().positive(),
      sampleRateHz: z.int().positive(),
      licence: z.string(),
      /** What the vectors are computed on, for example `cpu`; `loading` while that is being found out. */
      device: z.string(),
      /** Devices that were tried first and could not be used, each with the reason, for whoever wonders why it is slow. A
       *  worker of an older version does not tell. */
      passedOver: z.array(z.string()).default([]),
    }),
  ),
});

/** The body of an answer whose status is not 200: the same pair that an `error` line holds. */
export const errorAnswer = z.object({ code: z.string(), message: z.string() });

export type ModelsAnswer = z.infer<typeof modelsAnswer>;

/** A search by words is a phrase or two; these bounds leave room for whoever compares dozens of descriptions. How many
 *  tokens of a text the model knows is its own business, and said when there are too many. */
export const textsMax = 32;
export const textCharsMax = 1_000;
/** The largest body that these bounds allow: every character as a \u escape of six bytes. */
export const textBodyBytesMax = 256 * 1024;

/** The body of `POST /v1/text-embeddings`. */
export const textEmbeddingsRequest = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  texts: z
    .array(
      z
        .string()
        .max(textCharsMax)
        // Half a surrogate pair is no character, and every tokenizer makes something else of it.
        .refine((text) => text.isWellFormed(), 'expected whole characters'),
    )
    .min(1)
    .max(textsMax),
});

/** Its answer. Vectors in the order of the texts: base64 of float32, little-endian, unit length. */
export const textEmbeddingsAnswer = z.object({
  model: z.string(),
  /** That of the model's sounds: the vectors may be compared with those of recordings. */
  spaceId: z.string(),
  dimensions: z.int().positive(),
  vectors: z.array(z.base64()).min(1).max(textsMax),
});

export type TextEmbeddingsAnswer = z.infer<typeof textEmbeddingsAnswer>;
