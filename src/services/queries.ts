/** Answers queries by a recording or by text, and makes the clips and the picture of an answer. */
import { availableParallelism } from 'node:os';
import { plainInput } from '../audio/input.ts';
import type { AudioLimits } from '../audio/limits.ts';
import { readPeaks } from '../audio/peaks.ts';
import { speedFingerprints } from '../audio/speed-fingerprints.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import type { EmbeddedRecording, Track } from '../domain.ts';
import type { EmbedOptions } from '../embedding/client.ts';
import { LeitmotifError } from '../errors.ts';
import { formatTime, trackName } from '../format.ts';
import { AnswerFiles } from '../media/answer-files.ts';
import { unknownLoudnessDb } from '../media/clip-source.ts';
import {
  type ClipParts,
  cutAnswerClips,
  cutResultClips,
  cutTrackClip,
  type ResultClips,
  type ResultClipsOptions,
} from '../media/clips.ts';
import { inlineMedia } from '../media/inline-media.ts';
import type { Media } from '../media/media.ts';
import { MediaThread } from '../media/media-thread.ts';
import { renderPicture } from '../media/picture.ts';
import type { PictureWords } from '../media/picture-words.ts';
import type { Answer, Result } from '../query/answer.ts';
import { AverageSounds } from '../query/average-sounds.ts';
import { checkedTracks, findByTracks, type TracksRequest } from '../query/find-by-tracks.ts';
import { findByWords, type WordsAnswer, type WordsRequest } from '../query/find-by-words.ts';
import { findSimilar, stopwatch } from '../query/find-similar.ts';
import { libraryRecording } from '../query/library-recording.ts';
import type { QueryRequest } from '../query/query-request.ts';
import type { ReadSpeedFingerprints } from '../ranking/changed-proof.ts';
import { indexPathsOf } from './index-paths.ts';
import type { LibraryService } from './libraries.ts';
import type { LiveIndex } from './live-index.ts';
import type { ProgramContext } from './program-context.ts';
import type { WorkerService } from './worker.ts';

export interface QueryServiceParts {
  readonly config: Config;
  readonly context: ProgramContext;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly libraries: LibraryService;
  readonly liveIndex: LiveIndex;
}

export interface SimilarRequest extends QueryRequest {
  readonly onProgress?: EmbedOptions['onProgress'];
  /** The stored embedding of the query: nothing is decoded and `path` is not read. */
  readonly storedEmbedding?: EmbeddedRecording | undefined;
  /** Called with the embedded query before the search. */
  readonly onEmbedded?: (recording: EmbeddedRecording) => void;
}

/** Timings of a query with a stored embedding. */
const noTimings = { decode: 0, embed: 0 };

export class QueryService {
  readonly answerFiles: AnswerFiles;
  readonly #parts: QueryServiceParts;
  readonly #media: Media;
  readonly #averages: AverageSounds;

  constructor(parts: QueryServiceParts) {
    this.#parts = parts;
    this.#averages = new AverageSounds(parts.catalog);
    this.#media = parts.context.mediaThread ? new MediaThread() : inlineMedia;
    this.answerFiles = new AnswerFiles(indexPathsOf(parts.config).answers, this.#media);
  }

  /** Finds tracks that sound like a recording. An index that is missing or damaged is rebuilt first if the catalog is
   *  intact. */
  async similar(request: SimilarRequest): Promise<Answer> {
    const { storedEmbedding, onEmbedded, signal } = request;
    const { catalog, liveIndex } = this.#parts;
    const clock = stopwatch();
    if (storedEmbedding) {
      const index = await liveIndex.open(signal);
      const speedFingerprints = this.#speedFingerprintsOf(request, storedEmbedding);
      const parts = { index, catalog, averages: this.#averages, speedFingerprints };
      return findSimilar({ ...storedEmbedding, timingsMs: noTimings }, parts, request, clock);
    }
    const { index, recording } = await this.#openAndEmbed(request);
    onEmbedded?.(recording);
    const speedFingerprints = this.#speedFingerprintsOf(request, recording);
    return findSimilar(recording, { index, catalog, averages: this.#averages, speedFingerprints }, request, clock);
  }

  /** In a program that has just started, index and worker start at once. A failure of the index is reported first. */
  async #openAndEmbed({ path, signal, fromSec, toSec, onProgress }: SimilarRequest) {
    const { config, liveIndex, worker } = this.#parts;
    const { durationMaxSec } = config.queries;
    const unopened = new AbortController();
    const embedding = worker.embed(path, {
      signal: AbortSignal.any([signal, unopened.signal]),
      ...{ durationMaxSec, fromSec, toSec, onProgress },
    });
    // Awaited below, unless the index fails first.
    embedding.catch(() => {});
    try {
      const index = await liveIndex.open(signal);
      return { index, recording: await embedding };
    } catch (error) {
      unopened.abort(error);
      throw error;
    }
  }

  /** The answer does not depend on this proof: a query whose sound is gone or fails is answered without it. */
  #speedFingerprintsOf(
    { path, fromSec = 0, signal }: SimilarRequest,
    { audioStream }: EmbeddedRecording,
  ): ReadSpeedFingerprints {
    return async (part) => {
      if (path === '') return null;
      const options = { ...part, fromSec: fromSec + part.fromSec, audioStream: (audioStream?.number ?? 1) - 1 };
      return speedFingerprints(path, { ...options, signal, limits: this.clipLimits }).catch((error: unknown) => {
        if (error instanceof LeitmotifError && error.code !== 'cancelled') return null;
        throw error;
      });
    };
  }

  /** Finds tracks that sound like several library tracks, and unlike others. With one plus track and no minus track, the answer
   *  is that of a query with this track.
   *  @throws {LeitmotifError} 'track-unknown', 'bad-request' */
  async byTracks(request: TracksRequest): Promise<Answer> {
    const { catalog, liveIndex, worker } = this.#parts;
    const tracks = checkedTracks(request.tracks);
    const spaceId = await worker.spaceId();
    const [only, another] = tracks.plus;
    if (only !== undefined && another === undefined && tracks.minus.length === 0) {
      const { track, recording, contentSha256 } = libraryRecording(catalog, spaceId, only);
      const one = { path: '', name: trackName(track), contentSha256, excludedTracks: new Set([only]) };
      return this.similar({ ...request, ...one, storedEmbedding: recording });
    }
    const index = await liveIndex.open(request.signal);
    return findByTracks({ index, catalog, averages: this.#averages, spaceId }, { ...request, tracks });
  }

  /** Finds tracks by a description in words.
   *  @throws {LeitmotifError} model-without-text when the configured model has no text side, with a remedy */
  byWords(request: WordsRequest): Promise<WordsAnswer> {
    const { catalog, liveIndex, worker } = this.#parts;
    return findByWords(
      {
        read: (text, signal) => worker.embedText(text, signal),
        openIndex: (signal) => liveIndex.open(signal),
        catalog,
      },
      request,
    );
  }

  /** Cuts all clips of an answer into a folder, in the order of its ranking. Needs the query's recording. */
  clips(answer: Answer, where: { readonly queryPath: string; readonly dir: string; readonly signal: AbortSignal }) {
    const concurrency = availableParallelism();
    return cutAnswerClips(answer, this.#clipParts, { ...where, limits: this.clipLimits, concurrency });
  }

  /** Cuts the clips of one result; unlike {@link clips}, extracts of the query are enough. */
  resultClips(answer: Answer, result: Result, options: Omit<ResultClipsOptions, 'limits'>): Promise<ResultClips> {
    return cutResultClips(answer, result, this.#clipParts, { ...options, limits: this.clipLimits });
  }

  /** Cuts only the library's side of one result, which is faster than all its clips. */
  libraryClip(answer: Answer, result: Result, options: { readonly dir: string; readonly signal: AbortSignal }) {
    return cutTrackClip(answer, result, this.#clipParts, { ...options, limits: this.clipLimits });
  }

  /** Cuts a part of a track as mp3, at the loudness of clips.
   *  @param part.file its folder exists
   *  @throws {LeitmotifError} 'file-unreadable', and as the library and cutClips */
  async trackClip(
    track: Pick<Track, 'id' | 'key' | 'title' | 'artist'>,
    part: {
      readonly startSec: number;
      readonly durationSec: number;
      readonly file: string;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { catalog, libraries, worker } = this.#parts;
    const { startSec, durationSec, file, signal } = part;
    const library = libraries.current();
    if (!library) throw new LeitmotifError('file-unreadable', 'Cannot cut a clip: the library is not known');
    await using opened = await library.seekable(track.key, { signal });
    const loudnessDb = catalog.evidence.loudnessAt(await worker.spaceId(), track.id, startSec) ?? unknownLoudnessDb;
    const tags = { title: `${trackName(track)} (${formatTime(startSec)})`, artist: track.artist, comment: '' };
    const source = { ...plainInput(opened), startSec, durationSec, loudnessDb };
    await this.#media.cutClips([{ source, output: { path: file, tags } }], { signal, limits: this.clipLimits });
  }

  /** The peaks of a track, [0, 1], in equal parts of it.
   *  @throws {LeitmotifError} 'file-unreadable', and as the library and readPeaks */
  async trackPeaks(
    { key, durationSec }: Pick<Track, 'key' | 'durationSec'>,
    { points, signal }: { readonly points: number; readonly signal: AbortSignal },
  ): Promise<Float32Array> {
    const library = this.#parts.libraries.current();
    if (!library) throw new LeitmotifError('file-unreadable', 'Cannot draw a waveform: the library is not known');
    await using opened = await library.localFile(key, { signal });
    return readPeaks(opened, { durationSec, points, signal, limits: this.clipLimits });
  }

  /** The match picture, as PNG. */
  picture(answer: Answer, words: PictureWords, results?: readonly Result[]): Promise<Uint8Array> {
    return renderPicture(answer, { words, media: this.#media, results });
  }

  /** Limits for clips that are cut in this process. */
  get clipLimits(): AudioLimits {
    return clipLimitsOf(this.#parts.config, this.#parts.context);
  }

  close(): Promise<void> {
    return this.#media.close();
  }

  get #clipParts(): ClipParts {
    const { catalog, libraries } = this.#parts;
    return { media: this.#media, catalog, library: libraries.current(), clipStore: libraries.clipStore };
  }
}

export function clipLimitsOf({ audioLimits }: Config, { niceness = 0 }: ProgramContext): AudioLimits {
  return { ...audioLimits, niceness };
}
