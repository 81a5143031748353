/** What programs say to the one that shares its index processes (shard-routes.ts, shared-shard.ts). Searches and their answers are
 *  serialised by V8, as between this project's processes: typed arrays need no conversion. Only the socket's owner can reach it. */
import { deserialize, serialize } from 'node:v8';
import { z } from 'zod';
import type { SearchAnswer, SearchRequest } from './faiss-protocol.ts';

export type SearchOrder = Omit<SearchRequest, 'op'>;

const shardFiles = z.object({
  rowCount: z.int().nonnegative(),
  files: z
    .array(
      z.object({
        path: z.string(),
        bytes: z.int().nonnegative(),
        sha256: z.string(),
        dimensions: z.int().positive(),
      }),
    )
    .readonly(),
});

/** Body of POST /shards. The answer's lines last as long as the shard is open: closing the connection closes it. */
export const openOrder = z.object({
  shard: shardFiles,
  limits: z.object({
    startTimeoutMs: z.number().positive(),
    searchTimeoutMs: z.number().positive(),
    leakMaxBytes: z.number().nonnegative(),
    backoffMinMs: z.number().nonnegative(),
    backoffMaxMs: z.number().nonnegative(),
  }),
});
export type OpenOrder = z.infer<typeof openOrder>;

/** Body of POST /shards/:lease/move. */
export const moveOrder = shardFiles;

export const shardLine = z.union([
  z.object({ lease: z.string() }),
  z.object({
    event: z.object({
      kind: z.enum(['died', 'restarted', 'recycled']),
      path: z.string(),
      pid: z.number().optional(),
      why: z.string(),
    }),
  }),
]);

/** Answer to GET /shards/:lease. */
export const shardFacts = z.object({
  pid: z.int().nullable(),
  openblasCore: z.string().nullable(),
  memory: z.object({
    residentBytes: z.number(),
    peakResidentBytes: z.number(),
    proportionalBytes: z.number(),
  }),
});

export function encodeSearch(order: SearchOrder): Uint8Array {
  return serialize(order);
}

export function decodeSearch(bytes: Uint8Array): SearchOrder {
  return deserialize(bytes) as SearchOrder;
}

export function encodeAnswer(answer: SearchAnswer): Uint8Array {
  return serialize(answer);
}

export function decodeAnswer(bytes: Uint8Array): SearchAnswer {
  return deserialize(bytes) as SearchAnswer;
}
