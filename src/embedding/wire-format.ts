/** The worker's wire format, shared by client and server: the lines of a `POST /v1/embeddings` answer.
 *
 *  The answer is NDJSON: one `info`, then `chunks` and `progress` during the work, then exactly one `done` or `error`. An
 *  answer without either at the end was truncated. Vectors are base64 of float32, little-endian.
 */
import { z } from 'zod';
import type { Chunk } from '../domain.ts';
import { decodeFloat32, encodeArray } from './packed-arrays.ts';

/** In place of a body: the percent-encoded absolute path of the recording. Only a worker on a unix socket accepts it: its one
 *  client runs on the same machine under the same user. */
export const recordingPathHeader = 'x-recording-path';

const seconds = z.number().nonnegative().finite();

export const infoLine = z.object({
  type: z.literal('info'),
  model: z.string(),
  spaceId: z.string(),
  dimensions: z.int().positive(),
  windowSec: z.number().positive(),
  /** According to the container; null if unknown. */
  durationSec: seconds.nullable(),
  title: z.string().nullable(),
  artist: z.string().nullable(),
  album: z.string().nullable(),
  /** The audio stream that was used of several; undefined for a file with one. */
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
  /** Measured while decoding; the value in `info` is only the container's claim. */
  durationSec: seconds,
  chunks: z.int().nonnegative(),
  musicChunks: z.int().nonnegative(),
  /** base64 of uint32, little-endian; one item per `itemSec` seconds. */
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

/** @throws {RangeError} if the vector does not have `dimensions` values */
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
  /** Recordings that the worker processes at once, over all models; more wait in its queue. Older workers do not report
   *  it. */
  recordingsMax: z.int().positive().optional(),
  /** Recordings that are worked on or wait, the usual seconds of one from its turn to its end, whether the worker is being stopped,
   *  and its version. Older workers do not report them. */
  queue: z
    .object({
      running: z.int().nonnegative(),
      waiting: z.int().nonnegative(),
      usualSec: z.number().nonnegative().optional(),
    })
    .optional(),
  draining: z.boolean().optional(),
  version: z.string().optional(),
  /** The model for requests without `model`. */
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
      /** What the vectors are computed on, for example `cpu`; `loading` until the device is known. */
      device: z.string(),
      /** Devices that were tried and could not be used, each with the reason. Older workers do not report them. */
      passedOver: z.array(z.string()).default([]),
    }),
  ),
});

/** The body of an answer whose status is not 200; same fields as an `error` line. */
export const errorAnswer = z.object({ code: z.string(), message: z.string() });

export type ModelsAnswer = z.infer<typeof modelsAnswer>;

/** A text search has one or two phrases; these limits also allow comparing dozens of descriptions. The model's own limit
 *  of tokens is checked separately. */
export const textsMax = 32;
export const textCharsMax = 1_000;
/** The largest body within these limits: every character as a \u escape of six bytes. */
export const textBodyBytesMax = 256 * 1024;

/** The body of `POST /v1/text-embeddings`. */
export const textEmbeddingsRequest = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  texts: z
    .array(
      z
        .string()
        .max(textCharsMax)
        // Tokenizers disagree on lone surrogates.
        .refine((text) => text.isWellFormed(), 'expected whole characters'),
    )
    .min(1)
    .max(textsMax),
});

/** The answer of `POST /v1/text-embeddings`. Unit vectors in the order of the texts, as base64 of float32, little-endian. */
export const textEmbeddingsAnswer = z.object({
  model: z.string(),
  /** The space of the model's audio vectors, which are comparable with these. */
  spaceId: z.string(),
  dimensions: z.int().positive(),
  vectors: z.array(z.base64()).min(1).max(textsMax),
});

export type TextEmbeddingsAnswer = z.infer<typeof textEmbeddingsAnswer>;
