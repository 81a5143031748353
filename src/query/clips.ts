/** Clips to hear an answer by: for each piece its best-matching window, the query's own, and both after one another. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import type { ClipOptions, ClipSource, ClipTags } from '../audio/clip.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Hit } from '../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { formatTime, oneLine, trackName } from '../format.ts';
import type { Library, LocalFile } from '../library/library.ts';
import type { Answer, Result } from './answer.ts';
import { momentInTrack } from './facts.ts';
import type { Media } from './media.ts';

/** Paths of the mp3 files of one result. */
export interface ResultClips {
  readonly theirs: string;
  /** Null when the query is no longer there to be heard; then there is no A/B file either. */
  readonly yours: string | null;
  /** Yours, half a second of silence, theirs. */
  readonly ab: string | null;
}

export interface AnswerClips {
  readonly byRank: ReadonlyMap<number, ResultClips>;
  /** Why a result has none: its file is gone, say. */
  readonly problems: ReadonlyMap<number, LeitmotifError>;
  readonly tookMs: number;
}

export interface ClipParts {
  readonly media: Pick<Media, 'cutMatch' | 'cutClips'>;
  readonly catalog: Catalog;
  readonly library: Library | null;
}

export interface ResultClipsOptions extends ClipOptions {
  /** Where the query's own part of a hit can be heard: in the recording that was asked with (`yourPart`), or in an
   *  extract of it that was kept. Null when it is gone. */
  readonly yours: (hit: Hit) => ClipSource | null;
  /** Made if it is not there. */
  readonly dir: string;
}

export interface AnswerClipsOptions extends ClipOptions {
  /** The recording that was asked with. */
  readonly queryPath: string;
  /** Made if it is not there. */
  readonly dir: string;
  /** ffmpeg runs at once. */
  readonly concurrency: number;
}

/** @throws {LeitmotifError} 'cancelled'; what goes wrong with one piece is told in `problems` */
export async function cutAnswerClips(
  answer: Answer,
  parts: ClipParts,
  options: AnswerClipsOptions,
): Promise<AnswerClips> {
  const startedMs = performance.now();
  const byRank = new Map<number, ResultClips>();
  const problems = new Map<number, LeitmotifError>();
  const yours = (hit: Hit) => yourPart(answer, hit, options.queryPath);
  const queue = new PQueue({ concurrency: options.concurrency });
  await queue.addAll(
    answer.results.map((result) => async () => {
      try {
        byRank.set(result.rank, await cutResultClips(answer, result, parts, { ...options, yours }));
      } catch (error) {
        options.signal.throwIfAborted();
        problems.set(result.rank, toLeitmotifError(error));
      }
    }),
  );
  return { byRank, problems, tookMs: performance.now() - startedMs };
}

/** The clips of one result: its best-matching window, the query's, and both after one another.
 *  @throws {LeitmotifError} as cutMatch; 'file-unreadable' when the piece's file is gone */
export async function cutResultClips(
  answer: Answer,
  result: Result,
  parts: ClipParts,
  options: ResultClipsOptions,
): Promise<ResultClips> {
  await using file = await fileOf(result, parts.library, options.signal);
  const { hit, source, paths, tags } = theirPart(answer, result, { file, ...parts }, options.dir);
  const yours = options.yours(hit);
  await mkdir(options.dir, { recursive: true });
  if (yours === null) {
    await parts.media.cutClips([{ source, output: { path: paths.theirs, tags: tags.theirs } }], options);
    return { theirs: paths.theirs, yours: null, ab: null };
  }
  const outputs = {
    yours: { path: paths.yours, tags: tags.yours },
    theirs: { path: paths.theirs, tags: tags.theirs },
    ab: { path: paths.ab, tags: tags.ab },
  };
  await parts.media.cutMatch({ yours, theirs: source, outputs }, options);
  return paths;
}

/** Only the pieces' own windows, of several results in one ffmpeg run: what an answer shows at once must come soon.
 *  @returns the clip of each result, by rank
 *  @throws {LeitmotifError} as cutClips, for any of them; then none can be relied on */
export async function cutTheirClips(
  answer: Answer,
  results: readonly Result[],
  parts: ClipParts,
  options: ClipOptions & { readonly dir: string },
): Promise<Map<number, string>> {
  await using files = new AsyncDisposableStack();
  const clips = [];
  const byRank = new Map<number, string>();
  for (const result of results) {
    const file = files.use(await fileOf(result, parts.library, options.signal));
    const { source, paths, tags } = theirPart(answer, result, { file, ...parts }, options.dir);
    clips.push({ source, output: { path: paths.theirs, tags: tags.theirs } });
    byRank.set(result.rank, paths.theirs);
  }
  await mkdir(options.dir, { recursive: true });
  if (clips.length > 0) await parts.media.cutClips(clips, options);
  return byRank;
}

/** @throws {LeitmotifError} 'file-unreadable' */
function fileOf({ track }: Result, library: Library | null, signal: AbortSignal): Promise<LocalFile> {
  if (library) return library.localFile(track.key, { signal });
  throw new LeitmotifError('file-unreadable', 'Cannot cut clips: the library is not known');
}

/** Where a result's best hit is heard, what its clips are called, and where they go. */
function theirPart(
  answer: Answer,
  result: Result,
  { file, catalog }: { readonly file: LocalFile; readonly catalog: Catalog },
  dir: string,
) {
  const hit = result.hits[0];
  if (!hit) throw new RangeError('Cannot cut clips: expected a result with a hit');
  const startSec = momentInTrack(answer, result, hit);
  const loudnessDb = catalog.evidence.loudnessAt(answer.spaceId, result.track.id, startSec) ?? unknownLoudnessDb;
  return {
    hit,
    source: { path: file.path, startSec, durationSec: hit.durationSec, loudnessDb } satisfies ClipSource,
    paths: clipPaths(dir, result, hit.queryStartSec, startSec),
    tags: clipTags(answer, result, hit),
  };
}

/** What `cutResultClips` and `cutTheirClips` left in a folder.
 *  @returns null when the result was never cut there */
export function clipsOnDisk(answer: Answer, result: Result, dir: string): ResultClips | null {
  const hit = result.hits[0];
  if (!hit) return null;
  const paths = clipPaths(dir, result, hit.queryStartSec, momentInTrack(answer, result, hit));
  if (!existsSync(paths.theirs)) return null;
  const ifThere = (file: string) => (existsSync(file) ? file : null);
  return { theirs: paths.theirs, yours: ifThere(paths.yours), ab: ifThere(paths.ab) };
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

/** Where a window's level is not known it is taken for what clips are brought to. */
const unknownLoudnessDb = -20;

/** A hit's part of the recording that was asked with. */
export function yourPart({ query }: Answer, hit: Hit, queryPath: string): ClipSource {
  const chunk = query.chunks.find(({ index }) => index === hit.queryChunk);
  const loudnessDb = chunk?.loudnessDb ?? unknownLoudnessDb;
  return { path: queryPath, startSec: hit.queryStartSec, durationSec: hit.durationSec, loudnessDb };
}

const slugLengthMax = 50;

/** Names that speak, in the order of the ranking, safe on any file system: 01-the-knolls-of-doldesh-theirs-1m20.mp3 */
function clipPaths(dir: string, { rank, track }: Result, yourStartSec: number, theirStartSec: number) {
  const words = oneLine(trackName(track), 60)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .toLowerCase();
  // Letters come apart when they are normalised, and file systems count bytes: 255 in all.
  const slug = oneLine(words, slugLengthMax).replace(/^-|[-…]+$/g, '');
  const stem = path.join(dir, `${String(rank).padStart(2, '0')}-${slug || 'untitled'}`);
  const at = (sec: number) => formatTime(sec).replaceAll(':', 'm');
  return {
    yours: `${stem}-yours-${at(yourStartSec)}.mp3`,
    theirs: `${stem}-theirs-${at(theirStartSec)}.mp3`,
    ab: `${stem}-ab.mp3`,
  };
}
