/** Clips to hear an answer by: for each piece its best-matching window, the query's own, and both after one another. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import { type ClipOptions, type ClipSource, type ClipTags, cutMatch } from '../audio/clip.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Hit } from '../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { formatTime, oneLine, trackName } from '../format.ts';
import type { Library } from '../library/library.ts';
import type { Answer, Result } from './answer.ts';
import { momentInTrack } from './words.ts';

/** Paths of the mp3 files of one result. */
export interface ResultClips {
  readonly yours: string;
  readonly theirs: string;
  /** Yours, half a second of silence, theirs. */
  readonly ab: string;
}

export interface AnswerClips {
  readonly byRank: ReadonlyMap<number, ResultClips>;
  /** Why a result has none: its file is gone, say. */
  readonly problems: ReadonlyMap<number, LeitmotifError>;
  readonly tookMs: number;
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
  parts: { readonly catalog: Catalog; readonly library: Library | null },
  options: AnswerClipsOptions,
): Promise<AnswerClips> {
  const startedMs = performance.now();
  await mkdir(options.dir, { recursive: true });
  const byRank = new Map<number, ResultClips>();
  const problems = new Map<number, LeitmotifError>();
  const queue = new PQueue({ concurrency: options.concurrency });
  await queue.addAll(
    answer.results.map((result) => async () => {
      try {
        byRank.set(result.rank, await cutResult(answer, result, parts, options));
      } catch (error) {
        options.signal.throwIfAborted();
        problems.set(result.rank, toLeitmotifError(error));
      }
    }),
  );
  return { byRank, problems, tookMs: performance.now() - startedMs };
}

async function cutResult(
  answer: Answer,
  result: Result,
  { catalog, library }: { readonly catalog: Catalog; readonly library: Library | null },
  options: AnswerClipsOptions,
): Promise<ResultClips> {
  const hit = result.hits[0];
  if (!hit || !library) throw new LeitmotifError('file-unreadable', 'Cannot cut clips: the library is not known');
  await using file = await library.localFile(result.track.key, { signal: options.signal });
  const theirStartSec = momentInTrack(answer, result, hit);
  const clips = clipPaths(options.dir, result, hit.queryStartSec, theirStartSec);
  const times = `yours ${formatTime(hit.queryStartSec)} - theirs ${formatTime(theirStartSec)}`;
  const own: ClipTags = {
    title: `${answer.query.name} (${formatTime(hit.queryStartSec)})`,
    artist: null,
    comment: times,
  };
  const name = trackName(result.track);
  const { artist } = result.track;
  const found: ClipTags = { title: `${name} (${formatTime(theirStartSec)})`, artist, comment: times };
  const both: ClipTags = { title: `${answer.query.name}, then ${name}`, artist, comment: times };
  await cutMatch(
    {
      yours: yourSource(answer, hit, options.queryPath),
      theirs: {
        path: file.path,
        startSec: theirStartSec,
        durationSec: hit.durationSec,
        loudnessDb: catalog.evidence.loudnessAt(answer.spaceId, result.track.id, theirStartSec) ?? unknownLoudnessDb,
      },
      outputs: {
        yours: { path: clips.yours, tags: own },
        theirs: { path: clips.theirs, tags: found },
        ab: { path: clips.ab, tags: both },
      },
    },
    options,
  );
  return clips;
}

/** Where a window's level is not known it is taken for what clips are brought to. */
const unknownLoudnessDb = -20;

function yourSource({ query }: Answer, hit: Hit, queryPath: string): ClipSource {
  const chunk = query.chunks.find(({ index }) => index === hit.queryChunk);
  const loudnessDb = chunk?.loudnessDb ?? unknownLoudnessDb;
  return { path: queryPath, startSec: hit.queryStartSec, durationSec: hit.durationSec, loudnessDb };
}

/** Names that speak, in the order of the ranking, safe on any file system: 01-the-knolls-of-doldesh-theirs-1m20.mp3 */
function clipPaths(dir: string, { rank, track }: Result, yourStartSec: number, theirStartSec: number): ResultClips {
  const slug = oneLine(trackName(track), 60)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
  const stem = path.join(dir, `${String(rank).padStart(2, '0')}-${slug || 'untitled'}`);
  const at = (sec: number) => formatTime(sec).replaceAll(':', 'm');
  return {
    yours: `${stem}-yours-${at(yourStartSec)}.mp3`,
    theirs: `${stem}-theirs-${at(theirStartSec)}.mp3`,
    ab: `${stem}-ab.mp3`,
  };
}
