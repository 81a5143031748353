/** Clips, pictures and extracts of stored answers, made when they are asked for: a few at a time, each once. */
import PQueue from 'p-queue';
import type { AudioInput } from '../audio/input.ts';
import type { Hit } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { clipsOnDisk, querySource, type ResultClips } from '../media/clips.ts';
import type { PictureWords } from '../media/picture-words.ts';
import type { Answer, Result } from '../query/answer.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import type { Services } from '../services/services.ts';
import { isQueryTrackRemoved, queryTrackFile } from './query-piece.ts';

/** Clips that may wait for ffmpeg: some minutes of work. Further ones are refused. */
const waitingMax = 100;
const ffmpegRunsMax = 2;
/** An answer's own clips go first, so that clips that somebody asks for delay no answer. */
const priorities = { answer: 1, pressed: 0 };

export type AnswerMediaServices = Pick<Services, 'catalog' | 'libraries' | 'queries'>;

export class AnswerMedia {
  readonly #services: AnswerMediaServices;
  readonly #queue = new PQueue({ concurrency: ffmpegRunsMax });
  readonly #drawing = new PQueue({ concurrency: 1 });
  /** Answer id -> running cut of its extracts. */
  readonly #extracting = new Map<string, Promise<void>>();
  /** Answer id and rank -> running cut of its clips. */
  readonly #cutting = new Map<string, Promise<ResultClips>>();

  constructor(services: AnswerMediaServices) {
    this.#services = services;
  }

  /** Drawn in threads of this process, at the same priority as the main thread: one at a time, so that one of two cores stays
   *  free. */
  async picture(answer: Answer, words: PictureWords, results?: readonly Result[]): Promise<Buffer> {
    return Buffer.from(await this.#drawing.add(() => this.#services.queries.picture(answer, words, results)));
  }

  /** The clips of one result, to listen to or to share: from disk, or cut now. Concurrent calls share one cut.
   *  @throws {LeitmotifError} 'busy-bot'; as cutResultClips */
  clips(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<ResultClips> {
    const key = `${stored.id}:${result.rank}`;
    const running = this.#cutting.get(key) ?? this.#clipsOf(stored, result, signal);
    this.#cutting.set(key, running);
    const forget = () => {
      if (this.#cutting.get(key) === running) this.#cutting.delete(key);
    };
    running.then(forget, forget);
    return running;
  }

  async #clipsOf(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<ResultClips> {
    await this.#extracting.get(stored.id);
    const dir = this.#services.queries.answerFiles.dirOf(stored.id);
    const there = clipsOnDisk(stored.answer, result, dir);
    // Clips with the audio of a removed query track are not played.
    if (there && isQueryTrackRemoved(stored, this.#services)) return { ...there, yours: null, ab: null };
    if (there?.ab) return there;
    if (this.#queue.size >= waitingMax) throw new LeitmotifError('busy-bot', 'Too many clips are being cut');
    const cut = async () => {
      await using asked = await queryTrackFile(stored, result.hits[0], this.#services, signal);
      const yours = (hit: Hit) => this.#yours(stored, hit, asked);
      return this.#services.queries.resultClips(stored.answer, result, { dir, yours, signal });
    };
    return this.#queue.add(cut, { signal, priority: priorities.pressed });
  }

  /** Stores the extracts that Listen needs after the recording is deleted. Library tracks need none; a query that runs again
   *  already has its extracts. */
  async keepExtracts(
    { id, answer, source }: StoredAnswer,
    { queryPath, signal }: { readonly queryPath: string | null; readonly signal: AbortSignal },
  ): Promise<void> {
    if (queryPath === null || source.kind === 'piece' || source.kind === 'pieces') return;
    const { answerFiles, clipLimits: limits } = this.#services.queries;
    // For all pages, within the limit for extracts: Listen plays them too.
    const results = answer.results.length;
    const kept = answerFiles.keepExtracts(id, answer, { queryPath, results, limits, signal });
    // Waiting calls continue without the extracts when this fails.
    const settled = kept.catch(() => {});
    this.#extracting.set(id, settled);
    try {
      await kept;
    } finally {
      this.#extracting.delete(id);
    }
  }

  /** The query's side of a clip: from the recording for a library track, from the extract for an upload. */
  #yours({ id, answer }: StoredAnswer, hit: Hit, asked: AudioInput | null) {
    return asked === null ? this.#services.queries.answerFiles.extract(id, hit) : querySource(answer, hit, asked);
  }

  /** The library's side of a result, from disk if it was cut before.
   *  @returns its path
   *  @throws {LeitmotifError} as QueryService.libraryClip */
  async theirs(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<string> {
    const dir = this.#services.queries.answerFiles.dirOf(stored.id);
    const cut = () => this.#services.queries.libraryClip(stored.answer, result, { dir, signal });
    return (
      clipsOnDisk(stored.answer, result, dir)?.theirs ?? this.#queue.add(cut, { signal, priority: priorities.answer })
    );
  }
}
