/** The clips of an answer: for each result its best-matching window, the query's window, and both in sequence. */
import path from 'node:path';
import PQueue from 'p-queue';
import type { ClipOptions, ClipSource, ClipTags } from '../audio/clip.ts';
import { type AudioInput, plainInput } from '../audio/input.ts';
import type { Hit } from '../domain.ts';
import { type LeitmotifError, toLeitmotifError } from '../errors.ts';
import { formatTime, oneLine, trackName } from '../format.ts';
import { copyAtomically } from '../io/copy-atomically.ts';
import { isPlainFile, makePrivateFolder, makePrivateSync } from '../io/private-files.ts';
import { type Answer, plusTrackAt, type Result } from '../query/answer.ts';
import { momentInTrack } from '../query/answer-facts.ts';
import {
  isRetryableWithWholeFile,
  type SoundParts,
  type TrackSound,
  trackSound,
  unknownLoudnessDb,
} from './clip-source.ts';
import type { Media } from './media.ts';

/** Paths of the mp3 files of one result. */
export interface ResultClips {
  readonly theirs: string;
  /** Null when the query's sound is no longer stored; then there is no A/B file either. */
  readonly yours: string | null;
  /** Yours, half a second of silence, theirs. */
  readonly ab: string | null;
}

/** The clips of one result, or why it has none, for example because its file is missing. */
export type CutResult = { readonly result: Result } & (
  | { readonly clips: ResultClips }
  | { readonly problem: LeitmotifError }
);

export interface ClipParts extends SoundParts {
  readonly media: Pick<Media, 'cutMatch' | 'cutClips'>;
}

export interface ResultClipsOptions extends ClipOptions {
  /** The query's part of a hit: in the query's recording (`querySource`) or in a stored extract. Null when neither is available. */
  readonly yours: (hit: Hit) => ClipSource | null;
  /** Created if missing. */
  readonly dir: string;
}

export interface AnswerClipsOptions extends ClipOptions {
  /** The query's recording. */
  readonly queryPath: string;
  /** Created if missing. */
  readonly dir: string;
  /** Number of concurrent ffmpeg runs. */
  readonly concurrency: number;
}

/** Cuts all clips of an answer, several results at a time.
 *  @returns each result in the order of the ranking, as soon as it and those before it are cut
 *  @throws {LeitmotifError} 'cancelled' */
export async function* cutAnswerClips(
  answer: Answer,
  parts: ClipParts,
  options: AnswerClipsOptions,
): AsyncGenerator<CutResult> {
  const yours = (hit: Hit) => querySource(answer, hit, { path: options.queryPath });
  const queue = new PQueue({ concurrency: options.concurrency });
  const cut = async (result: Result): Promise<CutResult> => {
    try {
      return { result, clips: await cutResultClips(answer, result, parts, { ...options, yours }) };
    } catch (error) {
      return { result, problem: toLeitmotifError(error) };
    }
  };
  const running = answer.results.map((result) => queue.add(() => cut(result)));
  try {
    for (const each of running) {
      const done = await each;
      options.signal.throwIfAborted();
      yield done;
    }
  } finally {
    // Nothing writes into the folder after the caller has stopped.
    queue.clear();
    await queue.onIdle();
  }
}

/** Cuts the clips of one result: its best-matching window, the query's, and both in sequence.
 *  @throws {LeitmotifError} as cutMatch; 'file-unreadable' when the track's file is missing */
export async function cutResultClips(
  answer: Answer,
  result: Result,
  parts: ClipParts,
  options: ResultClipsOptions,
): Promise<ResultClips> {
  return retryWithWholeFile(options.signal, async (whole, onPart) => {
    await using held = new AsyncDisposableStack();
    const their = await trackSound(answer, result, parts, { signal: options.signal, whole }, held);
    if (their.overLoopback) onPart();
    return await cutWith(their, answer, result, parts, options);
  });
}

async function cutWith(
  { hit, startSec, source }: TrackSound,
  answer: Answer,
  result: Result,
  parts: ClipParts,
  options: ResultClipsOptions,
): Promise<ResultClips> {
  const paths = clipPaths(options.dir, result, hit.queryStartSec, startSec);
  const tags = clipTags(answer, result, hit);
  const yours = options.yours(hit);
  await makePrivateFolder(options.dir);
  if (yours === null) {
    await parts.media.cutClips([{ source, output: { path: paths.theirs, tags: tags.theirs } }], options);
    makePrivateSync(paths.theirs);
    return { theirs: paths.theirs, yours: null, ab: null };
  }
  const outputs = {
    yours: { path: paths.yours, tags: tags.yours },
    theirs: { path: paths.theirs, tags: tags.theirs },
    ab: { path: paths.ab, tags: tags.ab },
  };
  await parts.media.cutMatch({ yours, theirs: source, outputs }, options);
  for (const file of Object.values(paths)) makePrivateSync(file);
  return paths;
}

/** Cuts only the result's own window, which an answer plays; a stored clip is copied.
 *  @returns the clip's path
 *  @throws {LeitmotifError} as cutClips */
export async function cutTrackClip(
  answer: Answer,
  result: Result,
  parts: ClipParts,
  options: ClipOptions & { readonly dir: string },
): Promise<string> {
  const { dir, signal } = options;
  await makePrivateFolder(dir);
  return retryWithWholeFile(signal, async (whole, onPart) => {
    await using held = new AsyncDisposableStack();
    const their = await trackSound(answer, result, parts, { signal, whole }, held);
    const { hit, startSec, source, storedClip } = their;
    if (their.overLoopback) onPart();
    const { theirs: file } = clipPaths(dir, result, hit.queryStartSec, startSec);
    const output = { path: file, tags: clipTags(answer, result, hit).theirs };
    if (storedClip) await copyAtomically(storedClip, file);
    else await parts.media.cutClips([{ source, output }], options);
    makePrivateSync(file);
    return file;
  });
}

/** Cuts from parts of remote recordings, and from the whole recordings where ffmpeg cannot read parts.
 *  @param cut calls `onPart` when it cuts from a recording that is available in parts only */
async function retryWithWholeFile<T>(
  signal: AbortSignal,
  cut: (whole: boolean, onPart: () => void) => Promise<T>,
): Promise<T> {
  let isFromParts = false;
  try {
    return await cut(false, () => {
      isFromParts = true;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!isFromParts || !isRetryableWithWholeFile(error)) throw error;
    return await cut(true, () => {});
  }
}

/** Finds the clips of `cutResultClips` and `cutTrackClip` in a folder.
 *  @returns null when there are none of this result */
export function clipsOnDisk(answer: Answer, result: Result, dir: string): ResultClips | null {
  const hit = result.hits[0];
  if (!hit) return null;
  const paths = clipPaths(dir, result, hit.queryStartSec, momentInTrack(answer, result, hit));
  if (!isPlainFile(paths.theirs)) return null;
  const existing = (file: string) => (isPlainFile(file) ? file : null);
  return { theirs: paths.theirs, yours: existing(paths.yours), ab: existing(paths.ab) };
}

function clipTags(answer: Answer, result: Result, hit: Hit): Record<keyof ResultClips, ClipTags> {
  const theirStartSec = momentInTrack(answer, result, hit);
  const name = trackName(result.track);
  const { artist } = result.track;
  const comment = `yours ${formatTime(hit.queryStartSec)} - theirs ${formatTime(theirStartSec)}`;
  return {
    yours: { title: `${answer.query.name} (${formatTime(hit.queryStartSec)})`, artist: null, comment },
    theirs: { title: `${name} (${formatTime(theirStartSec)})`, artist, comment },
    ab: { title: `${answer.query.name}, then ${name}`, artist, comment },
  };
}

/** A hit's part of the query's recording; of a query with several tracks, of the track that it names. */
export function querySource({ query }: Answer, hit: Hit, from: AudioInput): ClipSource {
  const chunk = query.chunks.find(({ index }) => index === hit.queryChunk);
  const loudnessDb = chunk?.loudnessDb ?? unknownLoudnessDb;
  const startSec = plusTrackAt(query, hit.queryStartSec)?.atSec ?? hit.queryStartSec;
  return { ...plainInput(from), startSec, durationSec: hit.durationSec, loudnessDb };
}

const slugLengthMax = 50;

/** Readable names, in the order of the ranking, valid on any file system: 01-the-knolls-of-doldesh-theirs-1m20.mp3 */
function clipPaths(dir: string, { rank, track }: Result, yourStartSec: number, theirStartSec: number) {
  const words = oneLine(trackName(track), 60)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .toLowerCase();
  // Normalisation splits letters, and file systems limit names to 255 bytes.
  const slug = oneLine(words, slugLengthMax).replace(/^-|[-…]+$/g, '');
  const stem = path.join(dir, `${String(rank).padStart(2, '0')}-${slug || 'untitled'}`);
  const at = (sec: number) => formatTime(sec).replaceAll(':', 'm');
  return {
    yours: `${stem}-yours-${at(yourStartSec)}.mp3`,
    theirs: `${stem}-theirs-${at(theirStartSec)}.mp3`,
    ab: `${stem}-ab.mp3`,
  };
}
