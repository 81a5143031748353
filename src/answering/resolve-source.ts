/** Resolves the query source to a fetched file, a library track or a cached embedding. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EmbeddedRecording } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { type FetchedAudio, fetchAudio } from '../fetch/fetch-audio.ts';
import { trackName } from '../format.ts';
import { checkedTracks, type QueryTracks, tracksContent, tracksName } from '../query/find-by-tracks.ts';
import { libraryRecording } from '../query/library-recording.ts';
import { newAnswerId, type QuestionSource, type StoredAnswer } from '../query/stored-answer.ts';
import { partOf } from '../query/stored-recording.ts';
import type { Services } from '../services/services.ts';
import { storedEmbedding } from './answer-cache.ts';
import type { Progress } from './progress.ts';
import type { Question } from './question.ts';

export interface ResolvingParts {
  readonly services: Pick<Services, 'catalog' | 'config' | 'liveIndex' | 'queries' | 'worker'>;
  /** Folder of uploads while they are processed. */
  readonly spoolDir: string;
  /** Origins that count as Discord although they are on this machine. */
  readonly trustedOrigins: readonly string[];
}

export interface ResolvingOptions {
  readonly signal: AbortSignal;
  readonly onStage: (progress: Progress) => void;
}

interface SourceData {
  readonly source: QuestionSource;
  readonly contentSha256: string;
  /** The fetched file; null for a library track and for a repeated query. */
  readonly path: string | null;
  /** The cached embedding; null when there is none. */
  readonly recording: EmbeddedRecording | null;
  readonly leaveOut: number | null;
  /** Of a query with several library tracks; undefined for any other. */
  readonly tracks?: QueryTracks;
}

/** Its file exists until it is disposed. */
export interface ResolvedSource extends SourceData, AsyncDisposable {}

/** A failure leaves no file behind: each is registered with `held` before it is created.
 *  @throws {LeitmotifError} as fetching, the worker and the library; 'answer-expired' when no embedding is stored for a
 *    repeated query; 'track-unknown'; 'audio-no-sound' for a part of a track without a whole window */
export async function resolveSource(
  question: Question,
  parts: ResolvingParts,
  how: ResolvingOptions,
): Promise<ResolvedSource> {
  await using held = new AsyncDisposableStack();
  const data = await resolveInto(question, parts, how, held);
  const kept = held.move();
  return { ...data, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function resolveInto(
  { asked, options }: Question,
  parts: ResolvingParts,
  how: ResolvingOptions,
  held: AsyncDisposableStack,
): Promise<SourceData> {
  const { services } = parts;
  if (asked.kind === 'piece') return resolveTrack(asked.trackId, options, services);
  if (asked.kind === 'pieces') return resolveTracks(asked.tracks, services);
  if (asked.kind === 'again') return resolveRepeat(asked.stored, services);
  if (asked.kind === 'upload') {
    const { contentSha256, name } = asked;
    const recording = await storedEmbedding(contentSha256, options, services);
    return { source: { kind: 'clip', name }, contentSha256, recording, path: asked.path, leaveOut: null };
  }
  const file = path.join(parts.spoolDir, `${newAnswerId()}.audio`);
  held.defer(() => rm(file, { force: true }));
  const { contentSha256, name } = await fetchInto(file, asked, parts, how);
  const recording = await storedEmbedding(contentSha256, options, services);
  const called = asked.kind === 'clip' ? asked.name : (name ?? new URL(asked.url).hostname);
  return { source: { kind: asked.kind, name: called }, contentSha256, recording, path: file, leaveOut: null };
}

async function fetchInto(
  file: string,
  asked: { readonly kind: 'clip' | 'link'; readonly url: string; readonly sizeBytes?: number | null },
  { services, trustedOrigins }: ResolvingParts,
  { signal, onStage }: ResolvingOptions,
): Promise<FetchedAudio> {
  const limits = services.config.fetchLimits;
  if ((asked.sizeBytes ?? 0) > limits.bytesMax) {
    const message = `Cannot fetch the file: expected at most ${limits.bytesMax} bytes, got ${asked.sizeBytes}`;
    throw new LeitmotifError('link-too-large', message, { facts: { bytesMax: limits.bytesMax } });
  }
  onStage({ stage: 'fetching' });
  return fetchAudio(asked.url, {
    path: file,
    limits,
    signal,
    trustedOrigins: asked.kind === 'clip' ? trustedOrigins : [],
    onProgress: (bytes, bytesTotal) =>
      onStage({ stage: 'fetching', bytes, ...(bytesTotal === null ? {} : { bytesTotal }) }),
  });
}

async function resolveTrack(
  trackId: number,
  { fromSec, toSec }: Pick<Question['options'], 'fromSec' | 'toSec'>,
  services: ResolvingParts['services'],
): Promise<SourceData> {
  const found = libraryRecording(services.catalog, await services.worker.spaceId(), trackId);
  const { track, recording: whole, contentSha256 } = found;
  const isPart = fromSec !== null || toSec !== null;
  const recording = isPart ? partOf(whole, fromSec ?? 0, toSec ?? Number.POSITIVE_INFINITY) : whole;
  if (recording === null) {
    throw new LeitmotifError('audio-no-sound', 'Cannot query with this part: it contains no whole window of the track');
  }
  const source = { kind: 'piece', name: trackName(track), trackId } as const;
  // The recording is opened only when clips are cut (query-piece.ts).
  return { source, contentSha256, recording, path: null, leaveOut: trackId };
}

/** One plus track alone is a query with that track, so that both share a stored answer. */
async function resolveTracks(tracks: QueryTracks, services: ResolvingParts['services']): Promise<SourceData> {
  const { plus, minus } = checkedTracks(tracks);
  const [only, another] = plus;
  if (only !== undefined && another === undefined && minus.length === 0)
    return resolveTrack(only, { fromSec: null, toSec: null }, services);
  const spaceId = await services.worker.spaceId();
  const load = (id: number) => libraryRecording(services.catalog, spaceId, id);
  const [liked, disliked] = [plus.map(load), minus.map(load)];
  const names = (side: typeof liked) => side.map(({ track }) => trackName(track));
  return {
    source: { kind: 'pieces', name: tracksName(names(liked), names(disliked)), plus: [...plus], minus: [...minus] },
    contentSha256: tracksContent(liked, disliked),
    ...{ path: null, recording: null, leaveOut: null, tracks: { plus, minus } },
  };
}

/** A repeated query: a library track is still there; of a fetched file only the cached embedding is stored. */
async function resolveRepeat(
  { source, options, contentSha256 }: StoredAnswer,
  services: ResolvingParts['services'],
): Promise<SourceData> {
  if (source.kind === 'piece') return resolveTrack(source.trackId, options, services);
  if (source.kind === 'pieces') return resolveTracks(source, services);
  const recording = await storedEmbedding(contentSha256, options, services);
  if (!recording)
    throw new LeitmotifError('answer-expired', 'Cannot run the query again: its embedding is no longer stored');
  return { source, contentSha256, recording, path: null, leaveOut: null };
}
