/** The clips of stored answers, a folder each below the index folder; and of what somebody sent, only the extracts that
 *  these clips play. They go when their answer expires. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ClipOptions, ClipSource } from '../audio/clip.ts';
import type { Hit } from '../domain.ts';
import { formatTime } from '../format.ts';
import { copyWhole } from '../io/copy-whole.ts';
import { folderBytes } from '../io/folder-bytes.ts';
import { isPlainFile, makePrivateFolder, makePrivateSync } from '../io/private-files.ts';
import type { Answer } from '../query/answer.ts';
import { yourPart } from './clips.ts';
import type { Media } from './media.ts';

/** One ffmpeg run opens as many inputs: more than the windows that ten results usually share, and no strain. */
const extractsMax = 12;
const extractName = /^query-\d+-\d+\.mp3$/;
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
    for (const file of missing.keys()) if (isPlainFile(file)) missing.delete(file);
    if (missing.size === 0) return;
    await makePrivateFolder(this.dirOf(answerId));
    const clips = [...missing].slice(0, extractsMax).map(([file, hit]) => ({
      source: yourPart(answer, hit, { path: queryPath }),
      output: {
        path: file,
        tags: { title: answer.query.name, artist: null, comment: `from ${formatTime(hit.queryStartSec)}` },
      },
    }));
    await this.#media.cutClips(clips, options);
    for (const { output } of clips) makePrivateSync(output.path);
  }

  /** A hit's part of the query, if it was kept. */
  extract(answerId: string, hit: Hit): ClipSource | null {
    const file = this.#extractPath(answerId, hit);
    if (!isPlainFile(file)) return null;
    return { path: file, startSec: 0, durationSec: hit.durationSec, loudnessDb: clipLoudnessDb };
  }

  /** Gives another answer to the same recording the extracts of this one. Copies, for each goes with its own answer. */
  async copyExtracts(fromAnswerId: string, toAnswerId: string): Promise<void> {
    if (fromAnswerId === toAnswerId) return;
    const files = (await namesIn(this.dirOf(fromAnswerId))).filter((name) => extractName.test(name));
    if (files.length === 0) return;
    const dir = this.dirOf(toAnswerId);
    await makePrivateFolder(dir);
    for (const name of files) {
      const from = path.join(this.dirOf(fromAnswerId), name);
      if (!isPlainFile(from)) continue;
      await copyWhole(from, path.join(dir, name));
      makePrivateSync(path.join(dir, name));
    }
  }

  /** Removes the folders of answers that are not kept any more, however they came to be left: what lies on the disk
   *  decides, not what somebody remembered to remove.
   *  @param beforeMs folders that were written to since are left alone: something may be on its way there
   *  @returns what that freed */
  async removeStrays(
    isKept: (answerId: string) => boolean,
    beforeMs: number,
  ): Promise<{ count: number; bytes: number }> {
    const freed = { count: 0, bytes: 0 };
    for (const id of await namesIn(this.#root)) {
      const dir = this.dirOf(id);
      if ((await writtenAtMs(dir)) >= beforeMs || isKept(id)) continue;
      freed.count += 1;
      freed.bytes += await folderBytes(dir);
      await rm(dir, { recursive: true, force: true });
    }
    return freed;
  }

  /** Removes the folders of these answers at once. */
  async remove(answerIds: readonly string[]): Promise<void> {
    for (const id of answerIds) await rm(this.dirOf(id), { recursive: true, force: true });
  }

  #extractPath(answerId: string, { queryStartSec, durationSec }: Hit): string {
    const [startMs, lengthMs] = [queryStartSec, durationSec].map((sec) => Math.round(sec * 1000));
    return path.join(this.dirOf(answerId), `query-${startMs}-${lengthMs}.mp3`);
  }
}

/** @returns nothing for a folder that is not there */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** @returns 0 for what has gone meanwhile */
async function writtenAtMs(dir: string): Promise<number> {
  try {
    return (await stat(dir)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}
