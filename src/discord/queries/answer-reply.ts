/** Presents a stored answer as a message: one page with the clip of its first piece; and why the pieces are there, with the
 *  match picture. */
import { stat } from 'node:fs/promises';
import { AnswerMedia, type AnswerMediaServices } from '../../answering/answer-media.ts';
import { toLeitmotifError } from '../../errors.ts';
import type { ResultClips } from '../../media/clips.ts';
import type { PictureWords } from '../../media/picture-words.ts';
import type { Answer, Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import { type AnswerClip, answerReply } from '../replies/answer.ts';
import { pageOf } from '../replies/answer-rows.ts';
import { whyReply } from '../replies/why.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';

/** An answer plays one clip: the first piece's. If its recording cannot be read, the next piece's is played, up to this one. */
const clipTriesMax = 3;

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

function viewOf({ id, answer, options }: StoredAnswer, page: number) {
  return { answerId: id, answer, page, perPage: options.results };
}

interface ShownClips {
  readonly files: readonly AnswerClip[];
  /** Rank -> error code of the clip that could not be cut. */
  readonly problems: ReadonlyMap<number, string>;
}

const noClips: ShownClips = { files: [], problems: new Map() };

export class AnswerPresenter {
  readonly #media: AnswerMedia;

  constructor(services: AnswerMediaServices) {
    this.#media = new AnswerMedia(services);
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

  picture(answer: Answer, words: PictureWords, results?: readonly Result[]): Promise<Buffer> {
    return this.#media.picture(answer, words, results);
  }

  /** As AnswerMedia.clips. */
  clips(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<ResultClips> {
    return this.#media.clips(stored, result, signal);
  }

  /** As AnswerMedia.keepExtracts. */
  keepExtracts(
    stored: StoredAnswer,
    options: { readonly queryPath: string | null; readonly signal: AbortSignal },
  ): Promise<void> {
    return this.#media.keepExtracts(stored, options);
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

  async #theirs(stored: StoredAnswer, result: Result, signal: AbortSignal): Promise<AnswerClip> {
    const path = await this.#media.theirs(stored, result, signal);
    return { rank: result.rank, kind: 'theirs', path, sizeBytes: (await stat(path)).size };
  }
}
