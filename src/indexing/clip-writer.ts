/** Cuts and stores the clip of every chunk while recordings are indexed. Failures never stop indexing: the ledger
 *  (catalog/clip-ledger.ts) records them and the next run tries again. After the store failed, the rest of the run does not
 *  use it. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import { cutWindowClips } from '../audio/clip.ts';
import type { AudioLimits } from '../audio/limits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClipSetName } from '../catalog/clip-ledger.ts';
import type { Chunk, RecordingTags } from '../domain.ts';
import { type LeitmotifError, toLeitmotifError } from '../errors.ts';
import { formatTime } from '../format.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import { type ClipStore, clipName } from '../library/clip-store.ts';
import type { Library, ListedFile } from '../library/library.ts';
import { type ClipsEstimate, clipsOf, estimateAudioSec, estimateClips } from './clip-estimate.ts';
import type { Candidate } from './compare.ts';
import { type RunRate, recentRates } from './run-rates.ts';

export interface ClipWriterOptions {
  readonly catalog: Catalog;
  readonly store: ClipStore;
  readonly limits: AudioLimits;
  readonly windowSec: number;
  /** Holds clips between cutting and storing; created if missing. */
  readonly dir: string;
}

/** Counts of recordings, except `clips` and `bytes`. */
export interface ClipsSummary {
  readonly stored: number;
  readonly clips: number;
  readonly bytes: number;
  readonly failed: number;
  /** Deleted recordings whose clips were deleted. */
  readonly removed: number;
  /** Reason of the last failure; null without failures. */
  readonly reason: string | null;
}

interface Recording {
  readonly path: string;
  readonly contentSha256: string;
  readonly chunks: readonly Omit<Chunk, 'vector'>[];
  readonly tags: RecordingTags;
}

/** Windows per run of ffmpeg: five minutes of music, 5 MB of clips on the disk. */
const windowsAtOnce = 32;
const uploadsAtOnce = 8;
/** Number of earlier runs that an estimate uses. */
const runsMax = 5;

export class ClipWriter {
  readonly #options: ClipWriterOptions;
  #counts = { stored: 0, clips: 0, bytes: 0, failed: 0, removed: 0 };
  #reason: string | null = null;
  /** The error that made the store unusable for the rest of the run; null while it works. */
  #failure: LeitmotifError | null = null;

  constructor(options: ClipWriterOptions) {
    this.#options = options;
  }

  get summary(): ClipsSummary {
    return { ...this.#counts, reason: this.#reason };
  }

  /** Estimates the clips of the recordings to index and the missing clips of others. Of the former only sizes and names are
   *  known. */
  estimate(candidates: readonly Candidate[], spaceId: string): ClipsEstimate {
    const { catalog, store, windowSec } = this.#options;
    // Recordings that are embedded again have their clips or are among the missing ones.
    const files = candidates.filter(({ why }) => why !== 'again').map(({ file }) => file);
    const keys = new Set(files.map(({ key }) => key));
    const missing = catalog.clips.wanted(store.location, spaceId).filter(({ key }) => !keys.has(key));
    const missed = clipsOf(
      missing.reduce((sum, { chunks }) => sum + chunks, 0),
      windowSec,
    );
    const planned = estimateClips({ recordings: files.length, audioSec: this.#audioSecOf(files), windowSec });
    return { files: planned.files + missed.files, bytes: planned.bytes + missed.bytes };
  }

  /** Estimated from earlier runs; before the first run, from typical bit rates. */
  #audioSecOf(files: readonly ListedFile[]): number {
    const runs = recentRates(this.#options.catalog.jobs.recentDone('index', runsMax));
    const total = (of: (run: RunRate) => number) => runs.reduce((sum, run) => sum + of(run), 0);
    if (runs.length === 0) return estimateAudioSec(files);
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return (bytes * total((run) => run.audioSec)) / total((run) => run.bytes);
  }

  /** Stores the clips of a recording unless they are stored already. Throws only 'cancelled'. */
  async store(recording: Recording, signal: AbortSignal): Promise<void> {
    const { catalog, store } = this.#options;
    const [first] = recording.chunks;
    if (!first || this.#failure) return;
    const windowMs = Math.round((first.endSec - first.startSec) * 1000);
    const set: ClipSetName = { store: store.location, contentSha256: recording.contentSha256, windowMs };
    if (catalog.clips.isStored(set)) return;
    try {
      catalog.clips.begin(set);
      const { clips, bytes } = await this.#storeAll(recording, signal);
      catalog.clips.stored(set, { clips, bytes });
      this.#counts.stored += 1;
      this.#counts.clips += clips;
      this.#counts.bytes += bytes;
    } catch (error) {
      signal.throwIfAborted();
      this.#fail(set, error);
    }
  }

  /** Deletes the clips of deleted recordings and stores missing clips: those of failed runs and of recordings that were
   *  indexed before clips were enabled. */
  async tidy(library: Library, spaceId: string, { concurrency, signal }: { concurrency: number; signal: AbortSignal }) {
    const { catalog, store } = this.#options;
    await this.removeUnwanted(signal);
    const queue = new PQueue({ concurrency });
    const wanted = catalog.clips.wanted(store.location, spaceId);
    await queue.addAll(
      wanted.map(({ trackId, key, contentSha256, windowMs }) => async () => {
        signal.throwIfAborted();
        if (this.#failure) return;
        const recording = catalog.evidence.recordingOf(spaceId, trackId);
        const file =
          recording && (await this.#open(library, key, { store: store.location, contentSha256, windowMs }, signal));
        if (!recording || !file) return;
        await using local = file;
        await this.store({ path: local.path, contentSha256, chunks: recording.chunks, tags: recording.tags }, signal);
      }),
    );
  }

  async removeUnwanted(signal: AbortSignal): Promise<void> {
    const { catalog, store } = this.#options;
    for (const contentSha256 of catalog.clips.unwanted(store.location)) {
      if (this.#failure) return;
      try {
        await store.removeAll(contentSha256, { signal });
        catalog.clips.forget(store.location, contentSha256);
        this.#counts.removed += 1;
      } catch (error) {
        signal.throwIfAborted();
        this.#disable(error);
      }
    }
  }

  async #put(name: string, file: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.store.put(name, file, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#disable(error);
    }
  }

  async #open(library: Library, key: string, set: ClipSetName, signal: AbortSignal) {
    try {
      return await library.localFile(key, { signal });
    } catch (error) {
      signal.throwIfAborted();
      this.#fail(set, error);
      return null;
    }
  }

  async #storeAll({ path: from, contentSha256, chunks, tags }: Recording, signal: AbortSignal) {
    const { dir, limits } = this.#options;
    let bytes = 0;
    await makePrivateFolder(dir);
    const folder = await mkdtemp(path.join(dir, 'clips-'));
    try {
      for (let at = 0; at < chunks.length; at += windowsAtOnce) {
        const windows = chunks.slice(at, at + windowsAtOnce).map(({ index, startSec, endSec, loudnessDb }) => ({
          ...{ startSec, durationSec: endSec - startSec, loudnessDb, endSec },
          output: { path: path.join(folder, `${index}.mp3`), tags: clipTags(tags, startSec) },
        }));
        await cutWindowClips({ path: from }, windows, { limits, signal });
        const uploads = new PQueue({ concurrency: uploadsAtOnce });
        const upload = async ({ startSec, endSec, output }: (typeof windows)[number]) => {
          await this.#put(clipName(contentSha256, { startSec, endSec }), output.path, signal);
          const { size } = await stat(output.path);
          bytes += size;
          await rm(output.path);
        };
        await uploads.addAll(windows.map((window) => () => upload(window)));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { clips: chunks.length, bytes };
  }

  #fail(set: ClipSetName, error: unknown): void {
    const failure = toLeitmotifError(error);
    if (failure.code === 'disk-full') this.#disable(failure);
    this.#reason = failure.message;
    this.#counts.failed += 1;
    this.#options.catalog.clips.failed(set, failure);
  }

  /** A failure of the store or of the disk affects all recordings: stops using the store in this run. */
  #disable(error: unknown): LeitmotifError {
    this.#failure = toLeitmotifError(error);
    this.#reason = this.#failure.message;
    return this.#failure;
  }
}

function clipTags({ title, artist }: RecordingTags, startSec: number) {
  const at = formatTime(startSec);
  return { title: title === null ? at : `${title} (${at})`, artist, comment: at };
}
