/** Answers queries: by sound, by words; and makes the clips and the picture of an answer. */
import { availableParallelism } from 'node:os';
import { hearAgain } from '../audio/hear-again.ts';
import { plainInput } from '../audio/input.ts';
import type { AudioLimits } from '../audio/limits.ts';
import { readPeaks } from '../audio/peaks.ts';
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
  cutTheirClips,
  type ResultClips,
  type ResultClipsOptions,
} from '../media/clips.ts';
import type { Media } from '../media/media.ts';
import { mediaHere } from '../media/media-here.ts';
import { MediaThread } from '../media/media-thread.ts';
import { renderPicture } from '../media/picture.ts';
import type { PictureWords } from '../media/picture-words.ts';
import type { Answer, Result } from '../query/answer.ts';
import { findByWords, type WordsAnswer, type WordsRequest } from '../query/find-by-words.ts';
import { findSimilar, stopwatch } from '../query/find-similar.ts';
import type { QueryRequest } from '../query/query-request.ts';
import type { HearAgain } from '../ranking/changed-proof.ts';
import { indexPathsOf } from './index-paths.ts';
import type { LibraryService } from './libraries.ts';
import type { LiveIndex } from './live-index.ts';
import type { Surroundings } from './surroundings.ts';
import type { WorkerService } from './worker.ts';

export interface QueryServiceParts {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly libraries: LibraryService;
  readonly liveIndex: LiveIndex;
}

export interface SimilarRequest extends QueryRequest {
  readonly onProgress?: EmbedOptions['onProgress'];
  /** The query as it was embedded before: nothing is decoded and `path` is not read. */
  readonly heard?: EmbeddedRecording;
  /** Called with the embedded query before the search. */
  readonly onHeard?: (recording: EmbeddedRecording) => void;
}

/** A query whose embedding is stored already takes neither. */
const notHeardNow = { decode: 0, embed: 0 };

export class QueryService {
  readonly answerFiles: AnswerFiles;
  readonly #parts: QueryServiceParts;
  readonly #media: Media;

  constructor(parts: QueryServiceParts) {
    this.#parts = parts;
    this.#media = parts.surroundings.mediaThread ? new MediaThread() : mediaHere;
    this.answerFiles = new AnswerFiles(indexPathsOf(parts.config).answers, this.#media);
  }

  /** Finds tracks that sound like a recording. An index that is missing or damaged is rebuilt first if the catalog is
   *  intact. */
  async similar(request: SimilarRequest): Promise<Answer> {
    const { heard, onHeard, signal, onProgress, fromSec, toSec } = request;
    const { config, catalog, liveIndex, worker } = this.#parts;
    const clock = stopwatch();
    const index = await liveIndex.open(signal);
    if (heard) {
      const parts = { index, catalog, hearAgain: this.#hearAgain(request, heard) };
      return findSimilar({ ...heard, timingsMs: notHeardNow }, parts, request, clock);
    }
    const recording = await worker.embed(request.path, {
      signal,
      durationMaxSec: config.queries.durationMaxSec,
      ...{ fromSec, toSec, onProgress },
    });
    onHeard?.(recording);
    return findSimilar(recording, { index, catalog, hearAgain: this.#hearAgain(request, recording) }, request, clock);
  }

  /** The answer does not depend on this proof: a query whose sound is gone or fails is answered without it. */
  #hearAgain({ path, fromSec = 0, signal }: SimilarRequest, { audioStream }: EmbeddedRecording): HearAgain {
    return async (part) => {
      if (path === '') return null;
      const options = { ...part, fromSec: fromSec + part.fromSec, audioStream: (audioStream?.number ?? 1) - 1 };
      return hearAgain(path, { ...options, signal, limits: this.clipLimits }).catch((error: unknown) => {
        if (error instanceof LeitmotifError && error.code !== 'cancelled') return null;
        throw error;
      });
    };
  }

  /** Finds tracks by a description in words.
   *  @throws {LeitmotifError} model-without-text when the configured model has no text side, saying what to do */
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

  /** Cuts all clips of an answer into a folder. Needs the query's recording. */
  clips(answer: Answer, where: { readonly queryPath: string; readonly dir: string; readonly signal: AbortSignal }) {
    const concurrency = availableParallelism();
    return cutAnswerClips(answer, this.#clipParts, { ...where, limits: this.clipLimits, concurrency });
  }

  /** Cuts the clips of one result; unlike {@link clips}, extracts of the query are enough. */
  resultClips(answer: Answer, result: Result, options: Omit<ResultClipsOptions, 'limits'>): Promise<ResultClips> {
    return cutResultClips(answer, result, this.#clipParts, { ...options, limits: this.clipLimits });
  }

  /** Cuts only the library's side of several results, which is faster than all clips. */
  theirClips(
    answer: Answer,
    results: readonly Result[],
    options: { readonly dir: string; readonly signal: AbortSignal },
  ) {
    return cutTheirClips(answer, results, this.#clipParts, { ...options, limits: this.clipLimits });
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
    return clipLimitsOf(this.#parts.config, this.#parts.surroundings);
  }

  close(): Promise<void> {
    return this.#media.close();
  }

  get #clipParts(): ClipParts {
    const { catalog, libraries } = this.#parts;
    return { media: this.#media, catalog, library: libraries.current(), clipStore: libraries.clipStore };
  }
}

export function clipLimitsOf({ audioLimits }: Config, { niceness = 0 }: Surroundings): AudioLimits {
  return { ...audioLimits, niceness };
}
