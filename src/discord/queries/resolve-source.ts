/** Brings to hand what somebody asks with: fetched, a piece of the library, or what is left of an earlier question. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EmbeddedRecording } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { type FetchedAudio, fetchAudio } from '../../fetch/fetch-audio.ts';
import { trackName } from '../../format.ts';
import { newAnswerId, type QuestionSource, type StoredAnswer } from '../../query/stored-answer.ts';
import { partOf } from '../../query/stored-recording.ts';
import type { Services } from '../../services/services.ts';
import type { ProgressView } from '../replies/progress.ts';
import { storedEmbedding } from './answer-cache.ts';
import type { Question } from './question.ts';

export interface ResolvingParts {
  readonly services: Pick<Services, 'catalog' | 'config' | 'liveIndex' | 'queries' | 'worker'>;
  /** Where what people send lies while it is listened to. */
  readonly spoolDir: string;
  /** Origins whose files come from Discord itself, though they lie on this machine. */
  readonly trustedOrigins: readonly string[];
}

export interface ResolvingOptions {
  readonly signal: AbortSignal;
  readonly onStage: (view: Pick<ProgressView, 'stage'> & Partial<ProgressView>) => void;
}

interface SourceData {
  readonly source: QuestionSource;
  readonly contentSha256: string;
  /** The recording itself, where it was sent; null when it is not kept, and for a piece of the library. */
  readonly path: string | null;
  /** As it was embedded before, if it was. */
  readonly recording: EmbeddedRecording | null;
  readonly leaveOut: number | null;
}

/** Its files stay until it is disposed of. */
export interface ResolvedSource extends SourceData, AsyncDisposable {}

/** Whatever fails on the way, no file stays behind: each belongs to `held` from before it is there.
 *  @throws {LeitmotifError} whatever fetching, the worker or the library cannot do; 'answer-expired' when nothing is left
 *    to ask with; 'track-unknown'; 'audio-no-sound' for a part of a piece without a whole window */
export async function resolveSource(
  question: Question,
  parts: ResolvingParts,
  how: ResolvingOptions,
): Promise<ResolvedSource> {
  await using held = new AsyncDisposableStack();
  const brought = await bring(question, parts, how, held);
  const kept = held.move();
  return { ...brought, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function bring(
  { asked, options }: Question,
  parts: ResolvingParts,
  how: ResolvingOptions,
  held: AsyncDisposableStack,
): Promise<SourceData> {
  const { services } = parts;
  if (asked.kind === 'piece') return resolveTrack(asked.trackId, options, services);
  if (asked.kind === 'again') return resolveRepeat(asked.stored, services);
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
    const message = `Cannot fetch it: expected at most ${limits.bytesMax} bytes, got ${asked.sizeBytes}`;
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

/** A piece of the library was embedded when it was indexed: by the same code, so its vectors are the query's. */
async function resolveTrack(
  trackId: number,
  { fromSec, toSec }: Question['options'],
  services: ResolvingParts['services'],
): Promise<SourceData> {
  const { catalog } = services;
  const track = catalog.tracks.live([trackId]).has(trackId) ? catalog.tracks.byIds([trackId]).get(trackId) : undefined;
  const contentSha256 = catalog.tracks.contentSha256Of(trackId);
  const whole = catalog.evidence.recordingOf(await services.worker.spaceId(), trackId);
  if (!track || !whole || contentSha256 === null) {
    throw new LeitmotifError('track-unknown', `Cannot ask with track ${trackId}: it is not in the library any more`);
  }
  const isPart = fromSec !== null || toSec !== null;
  const recording = isPart ? partOf(whole, fromSec ?? 0, toSec ?? Number.POSITIVE_INFINITY) : whole;
  if (recording === null) {
    throw new LeitmotifError('audio-no-sound', 'Cannot ask with this part: no whole window of the piece lies in it');
  }
  const source = { kind: 'piece', name: trackName(track), trackId } as const;
  // The recording itself is not needed: whoever wants to hear it opens it then (asked-piece.ts).
  return { source, contentSha256, recording, path: null, leaveOut: trackId };
}

/** Of what was fetched nothing is kept but what was heard; a piece is still in the library. */
async function resolveRepeat(
  { source, options, contentSha256 }: StoredAnswer,
  services: ResolvingParts['services'],
): Promise<SourceData> {
  if (source.kind === 'piece') return resolveTrack(source.trackId, options, services);
  const recording = await storedEmbedding(contentSha256, options, services);
  if (!recording) throw new LeitmotifError('answer-expired', 'Cannot ask again: what was heard is no longer kept');
  return { source, contentSha256, recording, path: null, leaveOut: null };
}
