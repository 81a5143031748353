/** Parts of library tracks to hear: ten seconds each, cut when asked for and kept for a while. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import type { Catalog } from '../catalog/catalog.ts';
import type { Track } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { isPlainFile, makePrivateSync } from '../io/private-files.ts';
import type { Services } from '../services/services.ts';

export const clipSec = 10;
/** 160 kB each. */
const clipsKept = 200;
const runsMax = 2;
const waitingMax = 100;

export class TrackMedia {
  readonly #services: Pick<Services, 'catalog' | 'queries'>;
  readonly #dir: string;
  readonly #queue = new PQueue({ concurrency: runsMax });
  readonly #cutting = new Map<string, Promise<string>>();

  /** @param dir exists, and is empty at start */
  constructor(services: Pick<Services, 'catalog' | 'queries'>, dir: string) {
    this.#services = services;
    this.#dir = dir;
  }

  /** @returns the path of ten seconds of a track as mp3
   *  @throws {LeitmotifError} 'bad-request' beyond the end, 'busy-bot', and as QueryService.trackClip */
  async clip(track: Track, startSec: number, signal: AbortSignal): Promise<string> {
    if (startSec >= track.durationSec) {
      const facts = { problem: 'beyond-end', fromSec: startSec };
      throw new LeitmotifError('bad-request', 'Cannot play from there: the track is shorter', { facts });
    }
    const file = path.join(
      this.#dir,
      `${contentName(track, this.#services.catalog)}-${Math.round(startSec * 1000)}.mp3`,
    );
    const running = this.#cutting.get(file) ?? this.#cut(track, startSec, file, signal);
    this.#cutting.set(file, running);
    return running.finally(() => this.#cutting.delete(file));
  }

  async #cut(track: Track, startSec: number, file: string, signal: AbortSignal): Promise<string> {
    if (isPlainFile(file)) {
      const now = new Date();
      await utimes(file, now, now).catch(() => {});
      return file;
    }
    if (this.#queue.size >= waitingMax) throw new LeitmotifError('busy-bot', 'Too many clips are being cut');
    const durationSec = Math.min(clipSec, track.durationSec - startSec);
    await this.#queue.add(() => this.#services.queries.trackClip(track, { startSec, durationSec, file, signal }), {
      signal,
    });
    makePrivateSync(file);
    await this.#forgetOld();
    return file;
  }

  async #forgetOld(): Promise<void> {
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.mp3'));
    if (names.length <= clipsKept) return;
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(this.#dir, name);
        return { file, atMs: (await stat(file).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    const old = files.sort((a, b) => b.atMs - a.atMs).slice(clipsKept);
    for (const { file } of old) await rm(file, { force: true });
  }
}

function contentName({ id }: Track, catalog: Catalog): string {
  return `${id}-${(catalog.tracks.contentSha256Of(id) ?? 'unknown').slice(0, 32)}`;
}
