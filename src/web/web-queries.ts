/** The queries of the API as resources: each begins at once, runs when its turn comes, and is known until it is forgotten.
 *
 *  An ended query keeps the id of its stored answer and no results. So thousands of them need little memory, and an answer
 *  is shown as long as it is stored.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { AnswerMedia } from '../answering/answer-media.ts';
import { answerQuery } from '../answering/answer-query.ts';
import type { Progress } from '../answering/progress.ts';
import type { Question } from '../answering/question.ts';
import type { SharedQueue } from '../answering/shared-queue.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { timeLimit } from '../io/time-limit.ts';
import type { WordsAnswer } from '../query/find-by-words.ts';
import { fromRow, type StoredAnswer } from '../query/stored-answer.ts';
import type { Services } from '../services/services.ts';
import type { Caller } from './access.ts';

export type QueryState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** By sound or with a track, or in words. */
export type Asked = Question | { readonly words: string; readonly results: number };

export interface WebQuery {
  readonly id: string;
  readonly callerId: string;
  readonly createdAtMs: number;
  readonly state: QueryState;
  readonly progress: Progress | null;
  readonly endedAtMs: number | null;
  readonly failure: LeitmotifError | null;
  /** Of a finished query by sound. */
  readonly answerId: string | null;
  /** Of a finished query in words, which is not stored. */
  readonly words: WordsAnswer | null;
  readonly fromMemory: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Entry extends Mutable<WebQuery> {
  readonly cancel: AbortController;
  readonly listeners: Set<() => void>;
  /** Resolves when the queue takes the query; rejects with the failure of a query that it refuses. */
  readonly accepted: PromiseWithResolvers<void>;
  over: Promise<void>;
}

export interface WebQueriesParts {
  readonly services: Pick<Services, 'catalog' | 'config' | 'liveIndex' | 'queries' | 'worker'>;
  readonly queue: Pick<SharedQueue, 'assertWelcome' | 'enter' | 'close'>;
  readonly media: AnswerMedia;
  readonly log: Logger;
  readonly spoolDir: string;
  /** @param outcome `done`, or the code of the failure */
  readonly onEnd: (outcome: string) => void;
}

export const isEnded = ({ state }: Pick<WebQuery, 'state'>): boolean => state !== 'waiting' && state !== 'running';

/** How long an ended query is known by its own id, and how many are. Its answer is stored longer, under the answer's id. */
const knownForMs = 24 * 3_600_000;
const knownMax = 5_000;
const waitMaxMs = 30 * 60_000;

export class WebQueries {
  readonly #parts: WebQueriesParts;
  readonly #queries = new Map<string, Entry>();

  constructor(parts: WebQueriesParts) {
    this.#parts = parts;
  }

  /** @throws {LeitmotifError} as QueryQueue.assertWelcome */
  async assertWelcome({ id }: Caller): Promise<void> {
    await this.#parts.queue.assertWelcome({ personId: id, serverId: null });
  }

  /** Begins a query; `accepted` tells whether the queue takes it.
   *  @param release called when its upload is no longer needed */
  begin(caller: Caller, asked: Asked, release: () => Promise<void> = async () => {}): WebQuery {
    this.#forgetOld();
    const entry: Entry = {
      // 128 bits: nobody guesses an id.
      id: `q${randomBytes(16).toString('hex')}`,
      callerId: caller.id,
      createdAtMs: Date.now(),
      state: 'waiting',
      progress: null,
      endedAtMs: null,
      failure: null,
      answerId: null,
      words: null,
      fromMemory: false,
      cancel: new AbortController(),
      listeners: new Set(),
      accepted: Promise.withResolvers(),
      over: Promise.resolve(),
    };
    // Nobody may wait for it.
    entry.accepted.promise.catch(() => {});
    this.#queries.set(entry.id, entry);
    entry.over = this.#run(entry, asked).finally(release);
    return entry;
  }

  /** Waits until the queue has taken this query; forgets one that it refuses.
   *  @throws {LeitmotifError} as QueryQueue.enter */
  async accepted(id: string): Promise<void> {
    const entry = this.#queries.get(id);
    try {
      await entry?.accepted.promise;
    } catch (error) {
      this.#queries.delete(id);
      throw error;
    }
  }

  /** A query by its own id, or a stored answer by the answer's id, as an ended query.
   *  @throws {LeitmotifError} 'not-found', also for another caller's */
  get({ id: callerId }: Caller, id: string): WebQuery {
    const entry = this.#queries.get(id);
    if (entry?.callerId === callerId) return entry;
    const stored = entry === undefined ? this.answer(id) : null;
    if (stored?.askerId !== callerId) throw new LeitmotifError('not-found', 'Cannot find this query');
    return {
      ...{ id, callerId, createdAtMs: stored.createdAtMs, endedAtMs: stored.createdAtMs, state: 'done' as const },
      ...{ progress: null, failure: null, answerId: id, words: null, fromMemory: true },
    };
  }

  /** @returns null when it is no longer stored */
  answer(answerId: string): StoredAnswer | null {
    const row = this.#parts.services.catalog.answers.get(answerId);
    return row === null ? null : fromRow(row);
  }

  /** Ends it; one that has ended stays as it is.
   *  @throws {LeitmotifError} 'not-found' */
  cancel(caller: Caller, id: string): void {
    const { id: known } = this.get(caller, id);
    this.#queries.get(known)?.cancel.abort(new LeitmotifError('cancelled', 'Cancelled by the caller'));
  }

  /** @returns how to stop listening */
  onChange(id: string, listener: () => void): () => void {
    const entry = this.#queries.get(id);
    entry?.listeners.add(listener);
    return () => void entry?.listeners.delete(listener);
  }

  /** Cancels all queries and waits for their ends. */
  async close(): Promise<void> {
    const reason = new LeitmotifError('stopping', 'Interrupted: the server is being restarted');
    this.#parts.queue.close(reason);
    for (const { cancel } of this.#queries.values()) cancel.abort(reason);
    await Promise.allSettled([...this.#queries.values()].map(({ over }) => over));
  }

  async #run(entry: Entry, asked: Asked): Promise<void> {
    const { services, log, onEnd } = this.#parts;
    const { signal } = entry.cancel;
    try {
      using _turn = await this.#turnOf(entry);
      this.#change(entry, { state: 'running', progress: null });
      await this.#answer(entry, asked, services.config.queries.deadlineMs);
      onEnd('done');
    } catch (thrown) {
      const failure = toLeitmotifError(signal.aborted ? signal.reason : thrown);
      const state = failure.code === 'cancelled' ? 'cancelled' : 'failed';
      const level = failure.code === 'internal' ? 'error' : 'info';
      entry.accepted.reject(failure);
      log[level]({ query: entry.id, code: failure.code, err: thrown }, 'a query failed');
      this.#change(entry, { state, progress: null, failure, endedAtMs: Date.now() });
      onEnd(failure.code);
    }
  }

  async #turnOf(entry: Entry): Promise<Disposable> {
    const requester = { personId: entry.callerId, serverId: null } as const;
    using limit = timeLimit(waitMaxMs, entry.cancel.signal);
    try {
      return await this.#parts.queue.enter(requester, {
        signal: limit.signal,
        onPlace: (place) => this.#change(entry, { progress: { stage: 'waiting', place } }),
        onAccepted: () => entry.accepted.resolve(),
      });
    } catch (error) {
      if (!limit.isOver) throw error;
      throw new LeitmotifError('busy-bot', 'Cannot answer: the turn did not come in time', { cause: error });
    }
  }

  async #answer(entry: Entry, asked: Asked, deadlineMs: number): Promise<void> {
    const { services, media, log, spoolDir } = this.#parts;
    using limit = timeLimit(deadlineMs, entry.cancel.signal);
    const { signal } = limit;
    try {
      if ('words' in asked) {
        const words = await services.queries.byWords({ text: asked.words, resultsMax: asked.results, signal });
        return this.#change(entry, { state: 'done', progress: null, words, endedAtMs: Date.now() });
      }
      const parts = { services, spoolDir, trustedOrigins: [] };
      await using answered = await answerQuery(asked, parts, {
        ...{ askerId: entry.callerId, minMatch: 0, signal, log },
        onStage: (progress) => this.#change(entry, { progress }),
        onDone: () => {},
      });
      const { stored, fromMemory, queryPath } = answered;
      // Begun before the query counts as done, so that a request for a clip waits for the extracts.
      const kept = media.keepExtracts(stored, { queryPath, signal }).catch((err: unknown) => {
        if (!signal.aborted) log.warn({ query: entry.id, err }, 'the extracts of a query could not be stored');
      });
      this.#change(entry, { state: 'done', progress: null, answerId: stored.id, fromMemory, endedAtMs: Date.now() });
      await kept;
    } catch (error) {
      if (!limit.isOver) throw error;
      throw new LeitmotifError('query-timeout', 'Cannot answer: the query took too long', { cause: error });
    }
  }

  #change(entry: Entry, change: Partial<WebQuery>): void {
    if (isEnded(entry)) return;
    Object.assign(entry, change);
    for (const listener of [...entry.listeners]) listener();
  }

  #forgetOld(): void {
    const beforeMs = Date.now() - knownForMs;
    for (const [id, entry] of this.#queries) {
      const isOld = (entry.endedAtMs ?? Number.POSITIVE_INFINITY) < beforeMs;
      if (isOld || (isEnded(entry) && this.#queries.size >= knownMax)) this.#queries.delete(id);
    }
  }
}
