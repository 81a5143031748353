/** A stored answer as a message: one page of it with the match picture and the clips of its best three. */
import { stat } from 'node:fs/promises';
import PQueue from 'p-queue';
import type { AudioInput } from '../../audio/input.ts';
import type { Hit } from '../../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { clipsOnDisk, type ResultClips, yourPart } from '../../media/clips.ts';
import type { PictureWords } from '../../media/picture-words.ts';
import type { Answer, Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import type { Services } from '../../services/services.ts';
import { type AnswerClip, answerReply } from '../replies/answer.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { isQueryTrackRemoved, queryTrackFile } from './query-piece.ts';

/** Pieces whose clips come with the answer; the others' are behind their Listen button. */
const clipsShown = 3;
/** Presses of Listen that may wait for ffmpeg: some minutes of work. One more is told to come back. */
const waitingMax = 100;
const ffmpegRunsMax = 2;
/** An answer's own clips go before those that somebody pressed for: one person's presses delay nobody's answer. */
const priorities = { answer: 1, pressed: 0 };

export interface PageOptions {
  readonly texts: Texts;
  /** From 0. */
  readonly page: number;
  readonly fromMemory: boolean;
  readonly attachmentLimitBytes: number;
  /** Whether the bot may attach files where this goes. */
  readonly mayAttach: boolean;
  /** Whether there are others to share a find with. Unset: yes. */
  readonly mayShare?: boolean;
  readonly signal: AbortSignal;
}

type PresenterServices = Pick<Services, 'catalog' | 'libraries' | 'queries'>;

interface ShownClips {
  readonly files: readonly AnswerClip[];
  /** Rank -> why it has none. */
  readonly problems: ReadonlyMap<number, string>;
}

/** Cuts clips and renders pictures, a few at a time. */
export class AnswerPresenter {
  readonly #services: PresenterServices;
  readonly #queue = new PQueue({ concurrency: ffmpegRunsMax });
  readonly #drawing = new PQueue({ concurrency: 1 });
  /** Answer -> its extracts, while they are being cut. */
  readonly #extracting = new Map<string, Promise<void>>();
  /** Answer and rank -> its clips, while they are being cut. */
  readonly #cutting = new Map<string, Promise<ResultClips>>();

  constructor(services: PresenterServices) {
    this.#services = services;
  }

  async page(stored: StoredAnswer, options: PageOptions): Promise<Reply> {
    const { texts, page, fromMemory, attachmentLimitBytes, mayAttach, mayShare = true } = options;
    const perPage = stored.options.results;
    const results = stored.answer.results.slice(page * perPage, (page + 1) * perPage);
    const [picture, clips] = mayAttach
      ? await Promise.all([
          this.picture(stored.answer, texts.query.picture, results),
          this.#clipsOfBest(stored, results, options),
        ])
      : [null, { files: [], problems: new Map() }];
    return answerReply(texts, {
      answerId: stored.id,
      answer: stored.answer,
      ...{ page, perPage, picture, attachmentLimitBytes, fromMemory, mayShare },
      clips: clips.files,
      clipProblems: clips.problems,
      missing: mayAttach ? [] : ['AttachFiles'],
    });
  }

  /** Drawn in threads of this process, which no niceness keeps behind the one that answers: one at a time, so that on
   *  two cores one is left. */
  async picture(answer: Answer, words: PictureWords, results?: readonly Result[]): Promise<Buffer> {
    return Buffer.from(await this.#drawing.add(() => this.#services.queries.picture(answer, words, results)));
  }

  /** The clips of one result, to listen to or to share: those that are there already, or cut now. Whoever wants them
   *  while they are being cut gets the same.
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
    // What was cut with a piece that was removed since is not played any more.
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

  /** What Listen needs once the recording is gone. Pieces of the library stay; a query that is gone has left its extracts
   *  already. */
  async keepExtracts(
    { id, answer, source }: StoredAnswer,
    { queryPath, signal }: { readonly queryPath: string | null; readonly signal: AbortSignal },
  ): Promise<void> {
    if (queryPath === null || source.kind === 'piece') return;
    const { answerFiles, clipLimits: limits } = this.#services.queries;
    // Of the further pages too, as far as extracts are kept at all: their Listen buttons play them as well.
    const results = answer.results.length;
    const kept = answerFiles.keepExtracts(id, answer, { queryPath, results, limits, signal });
    // Whoever waits for it goes on without.
    const settled = kept.catch(() => {});
    this.#extracting.set(id, settled);
    try {
      await kept;
    } finally {
      this.#extracting.delete(id);
    }
  }

  /** The recording itself where it is at hand, which is a piece of the library; of what was sent, the extract. */
  #yours({ id, answer }: StoredAnswer, hit: Hit, asked: AudioInput | null) {
    return asked === null ? this.#services.queries.answerFiles.extract(id, hit) : yourPart(answer, hit, asked);
  }

  async #clipsOfBest(stored: StoredAnswer, results: readonly Result[], { signal }: PageOptions): Promise<ShownClips> {
    const best = results.slice(0, clipsShown);
    try {
      return { files: await this.#theirs(stored, best, signal), problems: new Map() };
    } catch {
      signal.throwIfAborted();
    }
    // One of them cannot be cut, its file being gone, say: each by itself, so that the others are heard.
    const files: AnswerClip[] = [];
    const problems = new Map<number, string>();
    for (const result of best) {
      try {
        files.push(...(await this.#theirs(stored, [result], signal)));
      } catch (error) {
        signal.throwIfAborted();
        problems.set(result.rank, toLeitmotifError(error).code);
      }
    }
    return { files, problems };
  }

  /** Best first. Those that were cut before are there still. */
  async #theirs(stored: StoredAnswer, results: readonly Result[], signal: AbortSignal): Promise<AnswerClip[]> {
    const dir = this.#services.queries.answerFiles.dirOf(stored.id);
    const there = new Map(
      results.flatMap((result) => {
        const clips = clipsOnDisk(stored.answer, result, dir);
        return clips ? [[result.rank, clips.theirs] as const] : [];
      }),
    );
    const missing = results.filter(({ rank }) => !there.has(rank));
    const cutMissing = () => this.#services.queries.theirClips(stored.answer, missing, { dir, signal });
    const cut = await this.#queue.add(cutMissing, { signal, priority: priorities.answer });
    return Promise.all(
      results.map(async ({ rank }) => {
        const path = there.get(rank) ?? cut.get(rank) ?? '';
        return { rank, kind: 'theirs' as const, path, sizeBytes: (await stat(path)).size };
      }),
    );
  }
}
