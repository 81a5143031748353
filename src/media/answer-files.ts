/** The files of stored answers, one folder each below the index folder: clips, and of the query only the extracts that these
 *  clips play. They are deleted when the answer expires. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ClipOptions, ClipSource } from '../audio/clip.ts';
import type { Hit } from '../domain.ts';
import { formatTime } from '../format.ts';
import { copyAtomically } from '../io/copy-atomically.ts';
import { folderBytes } from '../io/folder-bytes.ts';
import { isPlainFile, makePrivateFolder, makePrivateSync } from '../io/private-files.ts';
import type { Answer } from '../query/answer.ts';
import { querySource } from './clips.ts';
import type { Media } from './media.ts';

/** Inputs of one ffmpeg run: more than the windows that ten results usually share. */
const extractsMax = 12;
const extractName = /^query-\d+-\d+\.mp3$/;
/** The level of clips, so that an extract gets no gain a second time. */
const clipLoudnessDb = -20;

export class AnswerFiles {
  readonly #root: string;
  readonly #media: Pick<Media, 'cutClips'>;

  /** @param root created for the first answer */
  constructor(root: string, media: Pick<Media, 'cutClips'>) {
    this.#root = root;
    this.#media = media;
  }

  dirOf(answerId: string): string {
    return path.join(this.#root, answerId);
  }

  /** Stores the parts of a query that are needed to play its results later: the windows of the results' best hits.
   *  @param results number of best results */
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
      source: querySource(answer, hit, { path: queryPath }),
      output: {
        path: file,
        tags: { title: answer.query.name, artist: null, comment: `from ${formatTime(hit.queryStartSec)}` },
      },
    }));
    await this.#media.cutClips(clips, options);
    for (const { output } of clips) makePrivateSync(output.path);
  }

  /** The query's part of a hit, if it is stored. */
  extract(answerId: string, hit: Hit): ClipSource | null {
    const file = this.#extractPath(answerId, hit);
    if (!isPlainFile(file)) return null;
    return { path: file, startSec: 0, durationSec: hit.durationSec, loudnessDb: clipLoudnessDb };
  }

  /** Copies the extracts to another answer for the same recording; each copy is deleted with its answer. */
  async copyExtracts(fromAnswerId: string, toAnswerId: string): Promise<void> {
    if (fromAnswerId === toAnswerId) return;
    const files = (await namesIn(this.dirOf(fromAnswerId))).filter((name) => extractName.test(name));
    if (files.length === 0) return;
    const dir = this.dirOf(toAnswerId);
    await makePrivateFolder(dir);
    for (const name of files) {
      const from = path.join(this.dirOf(fromAnswerId), name);
      if (!isPlainFile(from)) continue;
      await copyAtomically(from, path.join(dir, name));
      makePrivateSync(path.join(dir, name));
    }
  }

  /** Removes the folders of deleted answers. It lists the disk, so that leftovers of any kind are found.
   *  @param beforeMs folders written later are kept, because a write may be running
   *  @returns the number and size of the removed folders */
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

/** @returns nothing for a missing folder */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** @returns 0 for a file that was deleted meanwhile */
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
