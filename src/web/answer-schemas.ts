/** What an answer is, as the API describes it: the object that `--json` prints. */
import { z } from 'zod';

const nullableText = z.string().nullable();
const share = z.number().min(0).max(1);
const matchOfParts = z.object({ sound: share, harmony: share }).nullable();

const querySchema = z.object({
  name: z.string(),
  durationSec: z.number(),
  fromSec: z.number(),
  toSec: z.number(),
  audioStream: z.object({ number: z.int(), of: z.int() }).optional(),
  chunks: z.int(),
  musicChunks: z.int(),
  tracks: z
    .object({
      plus: z.array(z.object({ trackId: z.int(), name: z.string(), startSec: z.number(), durationSec: z.number() })),
      minus: z.array(z.object({ trackId: z.int(), name: z.string() })),
    })
    .optional()
    .describe('Of a query with several tracks: the plus tracks follow each other on the time line of the query'),
});

const verdictSchema = z.object({
  kind: z.enum(['this-is', 'sounds-like', 'nearest', 'nothing-close']),
  text: z.string().describe('One English sentence'),
  key: nullableText.optional().describe('Of this-is: the track'),
  offsetSec: z.number().optional().describe('Of this-is: where the query begins in the track'),
  bitErrorRate: z.number().optional(),
  speed: z.number().optional(),
});

const resultSchema = z.object({
  rank: z.int().min(1),
  trackId: z.int().describe('For /tracks/{id}'),
  key: z.string(),
  title: nullableText,
  artist: nullableText,
  alsoAs: z.array(z.string()).describe('Keys of the same recording under other names'),
  combined: z.number().describe("The fusion's score; higher is better"),
  match: share.nullable().describe('0 to 1: the share of the library that is less near'),
  matchOfParts,
  votes: z.int(),
  totalSimilarity: z.number(),
  agreeingChunks: z.int(),
  longestRunSec: z.number(),
  inStep: z.boolean().nullable(),
  bestDistance: z.number(),
  meanDistance: z.number(),
  matches: z.array(
    z.object({
      queryStartSec: z.number(),
      trackStartSec: z.number(),
      durationSec: z.number(),
      distance: z.number(),
      queryTrackId: z.int().optional().describe('Of a query with several tracks: the plus track that matches'),
      queryTrackStartSec: z.number().optional().describe('Where in that track'),
    }),
  ),
  clip: nullableText.describe("Address of the track's moment"),
  ab: nullableText.describe('Address of yours, then theirs'),
});

const timingsSchema = z.record(z.string(), z.number());

export const answerSchema = z
  .object({
    query: querySchema,
    spaceId: z.string(),
    generation: z.string(),
    fusion: z.string(),
    verdict: verdictSchema,
    results: z.array(resultSchema),
    timingsMs: timingsSchema,
  })
  .meta({ id: 'Answer' });

export const wordsAnswerSchema = z
  .object({
    text: z.string(),
    spaceId: z.string(),
    generation: z.string(),
    results: z.array(
      z.object({
        rank: z.int(),
        trackId: z.int(),
        key: z.string(),
        title: nullableText,
        artist: nullableText,
        moments: z.array(z.object({ startSec: z.number(), endSec: z.number(), similarity: z.number() })),
      }),
    ),
    timingsMs: timingsSchema,
  })
  .meta({ id: 'WordsAnswer' });
