/** A question in, a stored answer out: bring to hand -> known already? -> embed, search, fuse -> keep. The bot's way of a
 *  query on one screen; what happens to it in between is `QueryService.similar`. */
import type { Logger } from 'pino';
import type { App } from '../../app.ts';
import type { EmbeddedRecording } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { type AnswerOptions, newAnswerId, type StoredAnswer } from '../../query/stored-answer.ts';
import { fusionOf } from '../../ranking/fusion-scores.ts';
import { keep, keepHeard, recall } from './answer-cache.ts';
import type { Question } from './question.ts';
import { type AtHand, type BringingOptions, type BringingParts, bringToHand } from './resolve-source.ts';

/** Three pages of ten. */
const resultsStoredMax = 30;
const perArtistMax = 2;

export type AnsweringParts = BringingParts;

export interface AnsweringOptions extends BringingOptions {
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
export async function answerQuestion(
  question: Question,
  parts: AnsweringParts,
  options: AnsweringOptions,
): Promise<Answered> {
  try {
    return await bringAndAnswer(question, parts, options);
  } catch (error) {
    throw isBeyondEnd(error, question) ? beyondEnd(question, error) : error;
  }
}

async function bringAndAnswer(question: Question, parts: AnsweringParts, options: AnsweringOptions): Promise<Answered> {
  await using held = new AsyncDisposableStack();
  const { app } = parts;
  const { askerId, signal } = options;
  const { asked } = question;
  const fetchStartedMs = performance.now();
  const atHand = held.use(await bringToHand(question, parts, options));
  options.onDone('fetch', performance.now() - fetchStartedMs);
  const answerOptions = optionsOf(question, atHand.leaveOut, app);
  const known = await recall({ askerId, ...atHand }, answerOptions, app, signal);
  const stored = known ?? (await ask(atHand, answerOptions, app, options));
  if (asked.kind === 'again') await keepHearable(asked.stored, stored, options, app);
  const kept = held.move();
  const dispose = () => kept.disposeAsync();
  return { stored, fromMemory: known !== null, queryPath: atHand.path, [Symbol.asyncDispose]: dispose };
}

/** What was asked with is gone but for its extracts, and they go with the answer that they belong to. Without them there
 *  is still an answer. */
async function keepHearable(from: StoredAnswer, to: StoredAnswer, { log }: AnsweringOptions, app: App): Promise<void> {
  try {
    await app.queries.answerFiles.copyExtracts(from.id, to.id);
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

function optionsOf({ options }: Question, leaveOut: number | null, { config }: App): AnswerOptions {
  const { neighbours, includeNonMusic, hubCorrection } = config;
  const fusion = fusionOf(config.fusion, neighbours);
  return { ...options, neighbours, fusion, includeNonMusic, hubCorrection, leaveOut };
}

async function ask(
  atHand: AtHand,
  options: AnswerOptions,
  app: App,
  { askerId, signal, onStage, onDone }: AnsweringOptions,
): Promise<StoredAnswer> {
  const startedMs = performance.now();
  const { contentSha256, source } = atHand;
  onStage({ stage: atHand.recording ? 'comparing' : 'listening' });
  let heard: EmbeddedRecording | null = null;
  const answer = await app.queries.similar({
    path: atHand.path ?? '',
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
    ...(atHand.recording ? { heard: atHand.recording } : {}),
    onProgress: ({ decodedSec, durationSec, chunksDone }) => {
      const endSec = Math.min(options.toSec ?? Number.POSITIVE_INFINITY, durationSec ?? Number.POSITIVE_INFINITY);
      const left = (endSec - decodedSec) / app.config.windowSec;
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
  await keep(stored, app, signal);
  if (heard) await keepHeard(contentSha256, options, heard, app, signal);
  return stored;
}
