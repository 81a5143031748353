/** What is sent to and got from /queries. */
import { z } from 'zod';
import { focusNames } from '../domain.ts';
import { queryTracksMax } from '../query/find-by-tracks.ts';
import { answerSchema, wordsAnswerSchema } from './answer-schemas.ts';
import { problemSchema } from './problems.ts';

/** As many as are stored of an answer. */
const resultsMax = 30;
export const resultsDefault = 10;
const secondsMax = 1_000_000;

const time = z
  .union([z.number().min(0).max(secondsMax), z.string().regex(/^(\d{1,4}:)?\d{1,6}(:[0-5]\d)?(\.\d{1,3})?$/)])
  .describe('Seconds, or a time such as 1:20');

export const options = {
  from: time.optional(),
  to: time.optional(),
  results: z.int().min(1).max(resultsMax).default(resultsDefault),
  focus: z.enum(focusNames).default('balanced').describe('Which part of the sound decides'),
  sameArtist: z.boolean().default(false).describe('Whether more than two results of one artist are allowed'),
};

const trackIds = z.array(z.int().min(1)).max(queryTracksMax);

export const jsonQuerySchema = z
  .union([
    z.strictObject({
      link: z.string().min(1).max(2_000).describe('Address of a recording on the internet'),
      ...options,
    }),
    z.strictObject({ track: z.int().min(1).describe('Id of a track of the library'), ...options }),
    z.strictObject({
      tracks: z
        .strictObject({
          plus: trackIds.min(1).describe('The results resemble these'),
          minus: trackIds.default([]).describe('What resembles these is lowered'),
        })
        .describe('Ids of tracks of the library'),
      results: options.results,
      focus: options.focus,
      sameArtist: options.sameArtist,
    }),
    z.strictObject({
      text: z.string().trim().min(1).max(1_000).describe('Words; needs a model that knows words'),
      results: options.results,
    }),
  ])
  .meta({ id: 'NewQuery' });

/** In an address or a form. Described as these two words, which `z.stringbool` is not. */
export const textBoolean = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
/** Fields of a form are texts. */
const formNumber = z
  .string()
  .regex(/^\d{1,2}$/)
  .transform(Number)
  .pipe(z.int().min(1).max(resultsMax));
export const formFieldsSchema = z.strictObject({
  from: time.optional(),
  to: time.optional(),
  results: formNumber.optional().default(resultsDefault),
  focus: options.focus,
  sameArtist: textBoolean,
});

/** Only described: the route reads the form as a stream. */
export const formBodySchema = z.any().meta({
  type: 'object',
  required: ['audio'],
  properties: {
    audio: { type: 'string', format: 'binary', description: 'The recording; anything that ffmpeg can read' },
    from: { type: 'string', description: 'Seconds, or a time such as 1:20' },
    to: { type: 'string' },
    results: { type: 'string', pattern: '^([1-9]|[12][0-9]|30)$', default: '10' },
    focus: { type: 'string', enum: [...focusNames], default: 'balanced' },
    sameArtist: { type: 'string', enum: ['true', 'false'], default: 'false' },
  },
});

const progressSchema = z.object({
  stage: z.enum(['waiting', 'fetching', 'listening', 'comparing', 'cutting']),
  place: z.int().optional().describe('In the queue, from 1'),
  bytes: z.int().optional(),
  bytesTotal: z.int().optional(),
  decodedSec: z.number().optional(),
  chunksDone: z.int().optional(),
  chunksLeft: z.int().nullable().optional(),
});

export const stateSchema = z
  .object({
    id: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    progress: progressSchema.nullable(),
    error: problemSchema.nullable().describe('Of a failed query'),
    self: z.string().describe('Address of this query'),
    events: z.string().describe('Address of its events'),
    permanent: z.string().nullable().describe('Address of its answer, as long as that is stored'),
    picture: z.string().nullable().describe('Address of the match picture'),
  })
  .meta({ id: 'QueryState' });

export const voteNames = ['up', 'down'] as const;

export const queryViewSchema = stateSchema
  .extend({
    fromMemory: z.boolean().describe('Whether the answer was stored before'),
    answer: answerSchema.nullable(),
    wordsAnswer: wordsAnswerSchema.nullable(),
    votes: z.record(z.string(), z.enum(voteNames)).describe("The caller's own votes, by the rank of the result"),
  })
  .meta({ id: 'Query' });
