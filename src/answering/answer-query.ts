/** A question in, a stored answer out: resolve the source -> stored answer? -> embed, search, fuse -> store. The bot's query
 *  on one screen; embedding and search are `QueryService.similar`. */
import type { Logger } from 'pino';
import { type EmbeddedRecording, fusionNames } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { shownAnswer } from '../query/answer-facts.ts';
import { defaultFusion, fusionOf } from '../query/query-request.ts';
import { type AnswerOptions, newAnswerId, type StoredAnswer } from '../query/stored-answer.ts';
import type { Services } from '../services/services.ts';
import { findStoredAnswer, storeAnswer, storeEmbedding } from './answer-cache.ts';
import type { Question } from './question.ts';
import { type ResolvedSource, type ResolvingOptions, type ResolvingParts, resolveSource } from './resolve-source.ts';

/** Three pages of ten. */
const resultsStoredMax = 30;
const perArtistMax = 2;

export type AnsweringParts = ResolvingParts;

export interface AnsweringOptions extends ResolvingOptions {
  readonly askerId: string;
  /** Match from 0 to 100 below which a result is left out, except the first. */
  readonly minMatch: number;
  readonly log: Logger;
  /** Called with each stage's duration. */
  readonly onDone: (stage: 'fetch' | 'similar', ms: number) => void;
}

export interface Answered extends AsyncDisposable {
  readonly stored: StoredAnswer;
  /** Whether the answer was stored before, by any user. */
  readonly fromMemory: boolean;
  /** The query's recording, until this is disposed; null when the query runs again. */
  readonly queryPath: string | null;
}

/** @throws {LeitmotifError} as fetching, the worker, the index and the catalog */
export async function answerQuery(
  question: Question,
  parts: AnsweringParts,
  options: AnsweringOptions,
): Promise<Answered> {
  try {
    return await resolveAndAnswer(question, parts, options);
  } catch (error) {
    throw isBeyondEnd(error, question) ? beyondEnd(question, error) : error;
  }
}

async function resolveAndAnswer(
  question: Question,
  parts: AnsweringParts,
  options: AnsweringOptions,
): Promise<Answered> {
  await using held = new AsyncDisposableStack();
  const { services } = parts;
  const { askerId, signal } = options;
  const { asked } = question;
  const fetchStartedMs = performance.now();
  const resolved = held.use(await resolveSource(question, parts, options));
  options.onDone('fetch', performance.now() - fetchStartedMs);
  const answerOptions = optionsOf(question, resolved.leaveOut, options.minMatch, services);
  const known = await findStoredAnswer({ askerId, ...resolved }, answerOptions, services, signal);
  const stored = known ?? (await runQuery(resolved, answerOptions, services, options));
  if (asked.kind === 'again') await copyExtracts(asked.stored, stored, options, services);
  const kept = held.move();
  const dispose = () => kept.disposeAsync();
  return { stored, fromMemory: known !== null, queryPath: resolved.path, [Symbol.asyncDispose]: dispose };
}

/** Of the query's recording only extracts remain, and they expire with their answer; so they are copied to the new one.
 *  A failure here does not fail the answer. */
async function copyExtracts(
  from: StoredAnswer,
  to: StoredAnswer,
  { log }: AnsweringOptions,
  services: ResolvingParts['services'],
): Promise<void> {
  try {
    await services.queries.answerFiles.copyExtracts(from.id, to.id);
  } catch (err) {
    log.warn({ err }, 'the extracts of a query could not be copied to its new answer');
  }
}

/** Whether the part begins beyond the end: nothing is left to decode there. A whole file without sound gives the same code. */
function isBeyondEnd(error: unknown, { options }: Question): boolean {
  return error instanceof LeitmotifError && error.code === 'audio-no-sound' && options.fromSec !== null;
}

function beyondEnd({ options }: Question, cause: unknown): LeitmotifError {
  const facts = { problem: 'beyond-end', fromSec: options.fromSec ?? 0 };
  return new LeitmotifError('bad-request', 'Cannot query with an empty part', { cause, facts });
}

function optionsOf(
  { options }: Question,
  leaveOut: number | null,
  minMatch: number,
  { config }: Pick<Services, 'config'>,
): AnswerOptions {
  const { neighbours, includeNonMusic, hubCorrection } = config;
  const fusion = fusionOf(config.fusion);
  return { ...options, neighbours, fusion, includeNonMusic, hubCorrection, leaveOut, minMatch };
}

async function runQuery(
  resolved: ResolvedSource,
  options: AnswerOptions,
  services: ResolvingParts['services'],
  { askerId, signal, onStage, onDone }: AnsweringOptions,
): Promise<StoredAnswer> {
  const startedMs = performance.now();
  const { contentSha256, source } = resolved;
  onStage({ stage: resolved.recording || resolved.tracks ? 'comparing' : 'listening' });
  let embedded: EmbeddedRecording | null = null;
  const shared = {
    neighbours: options.neighbours,
    // An answer that an older version stored may name a fusion that is gone.
    fusion: fusionNames.find((name) => name === options.fusion) ?? defaultFusion,
    focus: options.focus,
    resultsMax: resultsStoredMax,
    includeNonMusic: options.includeNonMusic,
    hubCorrection: options.hubCorrection,
    perArtistMax: options.sameArtist ? undefined : perArtistMax,
    signal,
  };
  const { tracks } = resolved;
  const bySound = () =>
    services.queries.similar({
      ...shared,
      path: resolved.path ?? '',
      contentSha256,
      name: source.name,
      fromSec: options.fromSec ?? undefined,
      toSec: options.toSec ?? undefined,
      excludedTracks: options.leaveOut === null ? undefined : new Set([options.leaveOut]),
      storedEmbedding: resolved.recording ?? undefined,
      onProgress: ({ decodedSec, durationSec, chunksDone }) => {
        const endSec = Math.min(options.toSec ?? Number.POSITIVE_INFINITY, durationSec ?? Number.POSITIVE_INFINITY);
        const left = (endSec - decodedSec) / services.config.windowSec;
        onStage({
          stage: 'listening',
          decodedSec,
          chunksDone,
          chunksLeft: Number.isFinite(left) ? Math.max(Math.ceil(left), 0) : null,
        });
      },
      onEmbedded: (recording) => {
        embedded = recording;
        onStage({ stage: 'comparing' });
      },
    });
  const found = await (tracks ? services.queries.byTracks({ ...shared, tracks }) : bySound());
  onDone('similar', performance.now() - startedMs);
  // Left out before it is stored, so that Listen, Why, More and Share all count the same results.
  const answer = shownAnswer(found, options.minMatch);
  const { spaceId, generation } = answer;
  const asked = { contentSha256, options, spaceId, generation, source, askerId };
  const stored = { id: newAnswerId(), ...asked, answer, createdAtMs: Date.now() };
  await storeAnswer(stored, services, signal);
  if (embedded) await storeEmbedding(contentSha256, options, embedded, services, signal);
  return stored;
}
