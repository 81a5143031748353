/** Presents a stored answer as a message: one page with the clip of its first piece; and why the pieces are there, with the
 *  match picture. */
import { stat } from 'node:fs/promises';
import PQueue from 'p-queue';
import type { AudioInput } from '../../audio/input.ts';
import type { Hit } from '../../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { clipsOnDisk, querySource, type ResultClips } from '../../media/clips.ts';
import type { PictureWords } from '../../media/picture-words.ts';
import type { Answer, Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import type { Services } from '../../services/services.ts';
import { type AnswerClip, answerReply } from '../replies/answer.ts';
import { pageOf } from '../replies/answer-rows.ts';
import { whyReply } from '../replies/why.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { isQueryTrackRemoved, queryTrackFile } from './query-piece.ts';

/** An answer plays one clip: the first piece's. If its recording cannot be read, the next piece's is played, up to this one. */
const clipTriesMax = 3;
/** Presses of Listen that may wait for ffmpeg: some minutes of work. Further ones are refused. */
const waitingMax = 100;
const ffmpegRunsMax = 2;
/** An answer's own clips go first, so that presses of Listen delay no answer. */
const priorities = { answer: 1, pressed: 0 };

export interface PageOptions {
  readonly texts: Texts;
  /** From 0. */
  readonly page: number;
  readonly fromMemory: boolean;
  readonly attachmentLimitBytes: number;
  /** Whether the bot may attach files in the channel. */
  readonly mayAttach: boolean;
  /** Whether to show Share; false in direct messages. Unset: true. */
  readonly mayShare?: boolean;
  readonly signal: AbortSignal;
}

type PresenterServices = Pick<Services, 'catalog' | 'libraries' | 'queries'>;

function viewOf({ id, answer, options }: StoredAnswer, page: number) {
  return { answerId: id, answer, page, perPage: options.results };
}

interface ShownClips {
  readonly files: readonly AnswerClip[];
  /** Rank -> error code of the clip that could not be cut. */
  readonly problems: ReadonlyMap<number, string>;
}

const noClips: ShownClips = { files: [], problems: new Map() };

/** Cuts clips and renders pictures, a few at a time. */
export class AnswerPresenter {
  readonly #services: PresenterServices;
  readonly #queue = new PQueue({ concurrency: ffmpegRunsMax });
  readonly #drawing = new PQueue({ concurrency: 1 });
  /** Answer id -> running cut of its extracts. */
  readonly #extracting = new Map<string, Promise<void>>();
  /** Answer id and rank -> running cut of its clips. */
  readonly #cutting = new Map<string, Promise<ResultClips>>();

  constructor(services: PresenterServices) {
    this.#services = services;
  }

  async page(stored: StoredAnswer, options: PageOptions): Promise<Reply> {
    const { texts, page, fromMemory, attachmentLimitBytes, mayAttach, mayShare = true } = options;
    const view = viewOf(stored, page);
    const clips = mayAttach ? await this.#clipOfBest(stored, pageOf(view), options) : noClips;
    return answerReply(texts, {
      ...{ ...view, attachmentLimitBytes, fromMemory, mayShare },
      clips: clips.files,
      clipProblems: clips.problems,
      missing: mayAttach ? [] : ['AttachFiles'],
    });
  }

  async why(
    stored: StoredAnswer,
    { texts, page, attachmentLimitBytes, mayAttach }: Omit<PageOptions, 'fromMemory' | 'mayShare' | 'signal'>,
  ): Promise<Reply> {
    const view = viewOf(stored, page);
    const picture = mayAttach ? await this.picture(stored.answer, texts.query.picture, pageOf(view)) : null;
    return whyReply(texts, { ...view, picture, attachmentLimitBytes });
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
      await using asked = await queryTrackFile(stored, this.#services, signal);
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
    if (queryPath === null || source.kind === 'piece') return;
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

  async #clipOfBest(stored: StoredAnswer, results: readonly Result[], { signal }: PageOptions): Promise<ShownClips> {
    const problems = new Map<number, string>();
    for (const result of results.slice(0, clipTriesMax)) {
      try {
        return { files: [await this.#theirs(stored, result, signal)], problems };
      } catch (error) {
        signal.throwIfAborted();
        problems.set(result.rank, toLeitmotifError(error).code);
      }
    }
    return { files: [], problems };
  }

  /** From disk if it was cut before. */
  async #theirs(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<AnswerClip> {
    const dir = this.#services.queries.answerFiles.dirOf(stored.id);
    const cut = () => this.#services.queries.trackClip(stored.answer, result, { dir, signal });
    const path =
      clipsOnDisk(stored.answer, result, dir)?.theirs ??
      (await this.#queue.add(cut, { signal, priority: priorities.answer }));
    return { rank: result.rank, kind: 'theirs', path, sizeBytes: (await stat(path)).size };
  }
}
