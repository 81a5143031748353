/** A question in, a stored answer out: bring to hand -> known already? -> embed, search, fuse -> keep. The bot's way of a
 *  query on one screen; what happens to it in between is `QueryService.similar`. */
import type { Logger } from 'pino';
import type { EmbeddedRecording } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { type AnswerOptions, newAnswerId, type StoredAnswer } from '../../query/stored-answer.ts';
import { fusionOf } from '../../ranking/fusion-scores.ts';
import type { Services } from '../../services/services.ts';
import { keep, recall, storeEmbedding } from './answer-cache.ts';
import type { Question } from './question.ts';
import { type ResolvedSource, type ResolvingOptions, type ResolvingParts, resolveSource } from './resolve-source.ts';

/** Three pages of ten. */
const resultsStoredMax = 30;
const perArtistMax = 2;

export type AnsweringParts = ResolvingParts;

export interface AnsweringOptions extends ResolvingOptions {
  readonly askerId: string;
  readonly log: Logger;
  /** Told how long each stage took. */
  readonly onDone: (stage: 'fetch' | 'similar', ms: number) => void;
}

export interface Answered extends AsyncDisposable {
  readonly stored: StoredAnswer;
  /** It was computed before, for whomever. */
  readonly fromMemory: boolean;
  /** The recording that was asked with, until this is disposed of; null when it is asked again. */
  readonly queryPath: string | null;
}

/** @throws {LeitmotifError} whatever fetching, the worker, the index or the catalog cannot do */
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
  const answerOptions = optionsOf(question, resolved.leaveOut, services);
  const known = await recall({ askerId, ...resolved }, answerOptions, services, signal);
  const stored = known ?? (await ask(resolved, answerOptions, services, options));
  if (asked.kind === 'again') await copyExtracts(asked.stored, stored, options, services);
  const kept = held.move();
  const dispose = () => kept.disposeAsync();
  return { stored, fromMemory: known !== null, queryPath: resolved.path, [Symbol.asyncDispose]: dispose };
}

/** What was asked with is gone but for its extracts, and they go with the answer that they belong to. Without them there
 *  is still an answer. */
async function copyExtracts(
  from: StoredAnswer,
  to: StoredAnswer,
  { log }: AnsweringOptions,
  services: ResolvingParts['services'],
): Promise<void> {
  try {
    await services.queries.answerFiles.copyExtracts(from.id, to.id);
  } catch (err) {
    log.warn({ err }, 'the extracts of a query could not be kept for its new answer');
  }
}

/** Nothing to decode from there on. A file without sound says the same when it is asked for whole. */
function isBeyondEnd(error: unknown, { options }: Question): boolean {
  return error instanceof LeitmotifError && error.code === 'audio-no-sound' && options.fromSec !== null;
}

function beyondEnd({ options }: Question, cause: unknown): LeitmotifError {
  const facts = { problem: 'beyond-end', fromSec: options.fromSec ?? 0 };
  return new LeitmotifError('bad-request', 'Cannot ask with a part in which there is nothing', { cause, facts });
}

function optionsOf(
  { options }: Question,
  leaveOut: number | null,
  { config }: Pick<Services, 'config'>,
): AnswerOptions {
  const { neighbours, includeNonMusic, hubCorrection } = config;
  const fusion = fusionOf(config.fusion, neighbours);
  return { ...options, neighbours, fusion, includeNonMusic, hubCorrection, leaveOut };
}

async function ask(
  resolved: ResolvedSource,
  options: AnswerOptions,
  services: ResolvingParts['services'],
  { askerId, signal, onStage, onDone }: AnsweringOptions,
): Promise<StoredAnswer> {
  const startedMs = performance.now();
  const { contentSha256, source } = resolved;
  onStage({ stage: resolved.recording ? 'comparing' : 'listening' });
  let heard: EmbeddedRecording | null = null;
  const answer = await services.queries.similar({
    path: resolved.path ?? '',
    contentSha256,
    name: source.name,
    ...(options.fromSec === null ? {} : { fromSec: options.fromSec }),
    ...(options.toSec === null ? {} : { toSec: options.toSec }),
    neighbours: options.neighbours,
    fusion: fusionOf(options.fusion, options.neighbours),
    resultsMax: resultsStoredMax,
    includeNonMusic: options.includeNonMusic,
    hubCorrection: options.hubCorrection,
    ...(options.sameArtist ? {} : { perArtistMax }),
    ...(options.leaveOut === null ? {} : { leaveOut: new Set([options.leaveOut]) }),
    signal,
    ...(resolved.recording ? { heard: resolved.recording } : {}),
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
    onHeard: (recording) => {
      heard = recording;
      onStage({ stage: 'comparing' });
    },
  });
  onDone('similar', performance.now() - startedMs);
  const { spaceId, generation } = answer;
  const asked = { contentSha256, options, spaceId, generation, source, askerId };
  const stored = { id: newAnswerId(), ...asked, answer, createdAtMs: Date.now() };
  await keep(stored, services, signal);
  if (heard) await storeEmbedding(contentSha256, options, heard, services, signal);
  return stored;
}
