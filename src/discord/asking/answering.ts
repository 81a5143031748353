/** A question in, a stored answer out: fetch -> known already? -> embed, search, fuse -> keep. The bot's way of a query
 *  on one screen; what happens to it in between is `App.similar`. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { App } from '../../app.ts';
import type { EmbeddedRecording } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { trackName } from '../../format.ts';
import { type FetchedAudio, fetchAudio } from '../../query/fetch-audio.ts';
import { partOf, readRecording, writeRecording } from '../../query/recorded.ts';
import {
  type AnswerOptions,
  fromRow,
  newAnswerId,
  optionsText,
  type QuestionSource,
  type StoredAnswer,
  toRow,
} from '../../query/stored-answer.ts';
import { fusionOf } from '../../search/fusion-scores.ts';
import type { ProgressView } from '../replies/progress.ts';
import { retryBusy } from '../retry-busy.ts';
import type { Question } from './question.ts';

/** Three pages of ten. */
const resultsStoredMax = 30;
const perArtistMax = 2;

export interface AnsweringParts {
  readonly app: App;
  /** Where what people send lies while it is listened to. */
  readonly spoolDir: string;
  /** Origins whose files come from Discord itself, though they lie on this machine. */
  readonly trustedOrigins: readonly string[];
}

export interface AnsweringOptions {
  readonly askerId: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onStage: (view: Pick<ProgressView, 'stage'> & Partial<ProgressView>) => void;
  /** Told how long each stage took. */
  readonly onDone: (stage: 'fetch' | 'similar', ms: number) => void;
}

export interface Answered extends AsyncDisposable {
  readonly stored: StoredAnswer;
  /** It was answered before, and is told again. */
  readonly fromMemory: boolean;
  /** The recording that was asked with, until this is disposed of; null when it is asked again. */
  readonly queryPath: string | null;
}

/** What was asked with, at hand. */
interface AtHand extends AsyncDisposable {
  readonly source: QuestionSource;
  readonly contentSha256: string;
  readonly path: string | null;
  /** As it was embedded before, if it was. */
  readonly recording: EmbeddedRecording | null;
  readonly leaveOut: number | null;
}

/** @throws {LeitmotifError} whatever fetching, the worker, the index or the catalog cannot do */
export async function answerQuestion(
  question: Question,
  parts: AnsweringParts,
  options: AnsweringOptions,
): Promise<Answered> {
  try {
    return await fetchAndAnswer(question, parts, options);
  } catch (error) {
    throw isBeyondEnd(error, question) ? beyondEnd(question, error) : error;
  }
}

async function fetchAndAnswer(question: Question, parts: AnsweringParts, options: AnsweringOptions): Promise<Answered> {
  const fetchStartedMs = performance.now();
  const atHand = await bringToHand(question, parts, options);
  try {
    options.onDone('fetch', performance.now() - fetchStartedMs);
    const answerOptions = optionsOf(question, atHand.leaveOut, parts.app);
    const known = await findKnown(atHand.contentSha256, answerOptions, parts, options.signal);
    const stored = known ?? (await ask(atHand, answerOptions, parts, options));
    const dispose = () => atHand[Symbol.asyncDispose]();
    return { stored, fromMemory: known !== null, queryPath: atHand.path, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await atHand[Symbol.asyncDispose]();
    throw error;
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
  const { neighbours, includeNonMusic } = config;
  return { ...options, neighbours, fusion: fusionOf(config.fusion, neighbours), includeNonMusic, leaveOut };
}

async function bringToHand(
  { asked, options }: Question,
  parts: AnsweringParts,
  how: AnsweringOptions,
): Promise<AtHand> {
  if (asked.kind === 'piece') return pieceAtHand(asked.trackId, options, parts.app, how.signal);
  if (asked.kind === 'again') return heardAgain(asked.stored, parts.app);
  const fetched = await fetchQuery(asked, parts, how);
  const name = asked.kind === 'clip' ? asked.name : (fetched.name ?? new URL(asked.url).hostname);
  return {
    source: { kind: asked.kind, name },
    contentSha256: fetched.contentSha256,
    path: fetched.path,
    recording: await recordingHeard(fetched.contentSha256, options, parts.app),
    leaveOut: null,
    [Symbol.asyncDispose]: () => rm(fetched.path, { force: true }),
  };
}

async function fetchQuery(
  asked: { readonly kind: 'clip' | 'link'; readonly url: string; readonly sizeBytes?: number | null },
  { app, spoolDir, trustedOrigins }: AnsweringParts,
  { signal, onStage }: AnsweringOptions,
): Promise<FetchedAudio> {
  const limits = app.config.fetchLimits;
  if ((asked.sizeBytes ?? 0) > limits.bytesMax) {
    const message = `Cannot fetch it: expected at most ${limits.bytesMax} bytes, got ${asked.sizeBytes}`;
    throw new LeitmotifError('link-too-large', message, { facts: { bytesMax: limits.bytesMax } });
  }
  onStage({ stage: 'fetching' });
  return fetchAudio(asked.url, {
    path: path.join(spoolDir, `${newAnswerId()}.audio`),
    limits,
    signal,
    trustedOrigins: asked.kind === 'clip' ? trustedOrigins : [],
    onProgress: (bytes, bytesTotal) =>
      onStage({ stage: 'fetching', bytes, ...(bytesTotal === null ? {} : { bytesTotal }) }),
  });
}

/** A piece of the library was embedded when it was indexed: by the same code, so its vectors are the query's. */
async function pieceAtHand(
  trackId: number,
  { fromSec, toSec }: Question['options'],
  app: App,
  signal: AbortSignal,
): Promise<AtHand> {
  const { catalog } = app;
  const track = catalog.tracks.live([trackId]).has(trackId) ? catalog.tracks.byIds([trackId]).get(trackId) : undefined;
  const contentSha256 = catalog.tracks.contentSha256Of(trackId);
  const whole = catalog.evidence.recordingOf(await app.spaceId(), trackId);
  if (!track || !whole || contentSha256 === null) {
    throw new LeitmotifError('track-unknown', `Cannot ask with track ${trackId}: it is not in the library any more`);
  }
  const isPart = fromSec !== null || toSec !== null;
  const recording = isPart ? partOf(whole, fromSec ?? 0, toSec ?? Number.POSITIVE_INFINITY) : whole;
  if (recording === null) {
    throw new LeitmotifError('audio-no-sound', 'Cannot ask with this part: no whole window of the piece lies in it');
  }
  const file = await app
    .library()
    ?.localFile(track.key, { signal })
    .catch(() => null);
  return {
    source: { kind: 'piece', name: trackName(track), trackId },
    ...{ contentSha256, recording, path: file?.path ?? null, leaveOut: trackId },
    [Symbol.asyncDispose]: async () => file?.[Symbol.asyncDispose](),
  };
}

/** @throws {LeitmotifError} 'answer-expired' when nothing is left to ask with */
async function heardAgain(stored: StoredAnswer, app: App): Promise<AtHand> {
  if (stored.source.kind === 'piece') {
    return pieceAtHand(stored.source.trackId, stored.options, app, AbortSignal.timeout(app.config.queries.deadlineMs));
  }
  const recording = await recordingHeard(stored.contentSha256, stored.options, app);
  if (!recording) throw new LeitmotifError('answer-expired', 'Cannot ask again: what was heard is no longer kept');
  const { source, contentSha256 } = stored;
  return { source, contentSha256, recording, path: null, leaveOut: null, [Symbol.asyncDispose]: async () => {} };
}

function partText({ fromSec, toSec }: Pick<Question['options'], 'fromSec' | 'toSec'>): string {
  return `${fromSec ?? 0}-${toSec ?? ''}`;
}

async function recordingHeard(
  contentSha256: string,
  options: Pick<Question['options'], 'fromSec' | 'toSec'>,
  app: App,
): Promise<EmbeddedRecording | null> {
  const bytes = app.catalog.heard.get({ contentSha256, spaceId: await app.spaceId(), part: partText(options) });
  return bytes === null ? null : readRecording(bytes);
}

/** The answer to the same bytes, options, space and generation, unless a piece in it was removed since. */
async function findKnown(
  contentSha256: string,
  options: AnswerOptions,
  { app }: AnsweringParts,
  signal: AbortSignal,
): Promise<StoredAnswer | null> {
  const generation = (await app.openIndex(signal)).current()?.id ?? '';
  const question = { contentSha256, options: optionsText(options), spaceId: await app.spaceId(), generation };
  const row = app.catalog.answers.find(question);
  const stored = row === null ? null : fromRow(row);
  if (!stored) return null;
  const ids = stored.answer.results.map(({ track }) => track.id);
  return app.catalog.tracks.live(ids).size === new Set(ids).size ? stored : null;
}

async function ask(
  atHand: AtHand,
  options: AnswerOptions,
  { app }: AnsweringParts,
  { askerId, signal, onStage, onDone }: AnsweringOptions,
): Promise<StoredAnswer> {
  const startedMs = performance.now();
  const { contentSha256, source } = atHand;
  onStage({ stage: atHand.recording ? 'comparing' : 'listening' });
  let heard: EmbeddedRecording | null = null;
  const answer = await app.similar({
    path: atHand.path ?? '',
    name: source.name,
    ...(options.fromSec === null ? {} : { fromSec: options.fromSec }),
    ...(options.toSec === null ? {} : { toSec: options.toSec }),
    neighbours: options.neighbours,
    fusion: fusionOf(options.fusion, options.neighbours),
    resultsMax: resultsStoredMax,
    includeNonMusic: options.includeNonMusic,
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
  const stored = { id: newAnswerId(), contentSha256, options, spaceId: answer.spaceId, generation: answer.generation };
  const whole = { ...stored, source, answer, askerId, createdAtMs: Date.now() };
  const { createdAtMs: _, ...row } = whole;
  await retryBusy(() => app.catalog.answers.put(toRow(row)), signal);
  if (heard) {
    const key = { contentSha256, spaceId: answer.spaceId, part: partText(options) };
    const bytes = writeRecording(heard);
    await retryBusy(() => app.catalog.heard.put(key, bytes), signal);
  }
  return whole;
}
