/** Parts of library tracks to hear, ten seconds each, and their waveforms: made when asked for and kept for a while. */
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
/** As many as a wide screen shows. */
export const peaksPoints = 1_000;
/** -60 dBFS. */
const silentPeak = 0.001;
/** 8 kB each. */
const peaksKept = 500;
const runsMax = 2;
const waitingMax = 100;

export class TrackMedia {
  readonly #services: Pick<Services, 'catalog' | 'queries'>;
  readonly #dir: string;
  readonly #queue = new PQueue({ concurrency: runsMax });
  readonly #cutting = new Map<string, Promise<string>>();
  readonly #peaks = new Map<string, readonly number[]>();

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

  /** @returns peaks in equal parts of a track; 255 is the loudest
   *  @throws {LeitmotifError} 'busy-bot', and as QueryService.trackPeaks */
  async peaks(track: Track, signal: AbortSignal): Promise<readonly number[]> {
    const name = contentName(track, this.#services.catalog);
    const known = this.#peaks.get(name);
    if (known) return known;
    if (this.#queue.size >= waitingMax) throw new LeitmotifError('busy-bot', 'Too many waveforms are being drawn');
    const read = await this.#queue.add(
      () => this.#services.queries.trackPeaks(track, { points: peaksPoints, signal }),
      {
        signal,
      },
    );
    // Relative to the loudest moment, as a waveform is drawn. Silence stays silent.
    const loudest = Math.max(silentPeak, ...read);
    const peaks = Array.from(read, (peak) => Math.round((peak / loudest) * 255));
    this.#peaks.set(name, peaks);
    // The first are the oldest.
    for (const oldest of this.#peaks.keys()) {
      if (this.#peaks.size <= peaksKept) break;
      this.#peaks.delete(oldest);
    }
    return peaks;
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
