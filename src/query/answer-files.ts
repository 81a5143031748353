/** The clips of stored answers, a folder each below the index folder; and of what somebody sent, only the extracts that
 *  these clips play. They go when their answer expires. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClipOptions, ClipSource } from '../audio/clip.ts';
import type { Hit } from '../domain.ts';
import { formatTime } from '../format.ts';
import type { Answer } from './answer.ts';
import { yourPart } from './clips.ts';
import type { Media } from './media.ts';

/** One ffmpeg run opens as many inputs: more than the windows that ten results usually share, and no strain. */
const extractsMax = 12;
/** What clips are brought to, so that an extract is not levelled a second time. */
const clipLoudnessDb = -20;

export class AnswerFiles {
  readonly #root: string;
  readonly #media: Pick<Media, 'cutClips'>;

  /** @param root made when the first answer needs it */
  constructor(root: string, media: Pick<Media, 'cutClips'>) {
    this.#root = root;
    this.#media = media;
  }

  dirOf(answerId: string): string {
    return path.join(this.#root, answerId);
  }

  /** Keeps what is needed of a query to hear its results later: the windows of the results' best hits.
   *  @param results how many of the best results are meant */
  async keepExtracts(
    answerId: string,
    answer: Answer,
    { queryPath, results, ...options }: ClipOptions & { readonly queryPath: string; readonly results: number },
  ): Promise<void> {
    const hits = answer.results.slice(0, results).flatMap(({ hits }) => hits.slice(0, 1));
    const missing = new Map(hits.map((hit) => [this.#extractPath(answerId, hit), hit] as const));
    for (const file of missing.keys()) if (existsSync(file)) missing.delete(file);
    if (missing.size === 0) return;
    await mkdir(this.dirOf(answerId), { recursive: true });
    const clips = [...missing].slice(0, extractsMax).map(([file, hit]) => ({
      source: yourPart(answer, hit, queryPath),
      output: {
        path: file,
        tags: { title: answer.query.name, artist: null, comment: `from ${formatTime(hit.queryStartSec)}` },
      },
    }));
    await this.#media.cutClips(clips, options);
  }

  /** A hit's part of the query, if it was kept. */
  extract(answerId: string, hit: Hit): ClipSource | null {
    const file = this.#extractPath(answerId, hit);
    if (!existsSync(file)) return null;
    return { path: file, startSec: 0, durationSec: hit.durationSec, loudnessDb: clipLoudnessDb };
  }

  async remove(answerIds: readonly string[]): Promise<void> {
    for (const id of answerIds) await rm(this.dirOf(id), { recursive: true, force: true });
  }

  #extractPath(answerId: string, { queryStartSec, durationSec }: Hit): string {
    const [startMs, lengthMs] = [queryStartSec, durationSec].map((sec) => Math.round(sec * 1000));
    return path.join(this.dirOf(answerId), `query-${startMs}-${lengthMs}.mp3`);
  }
}
