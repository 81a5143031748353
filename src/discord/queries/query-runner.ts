/** Runs one query, from its acknowledgement to its last edit: queue, progress, cancel, answer. Every interaction gets exactly
 *  one answer. */
import type { RepliableInteraction } from 'discord.js';
import { PermissionFlagsBits } from 'discord.js';
import { type AnsweringParts, answerQuery } from '../../answering/answer-query.ts';
import type { QueryQueue } from '../../answering/query-queue.ts';
import type { Question } from '../../answering/question.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { LeitmotifError } from '../../errors.ts';
import { timeLimit } from '../../io/time-limit.ts';
import { shownMatchMin } from '../../query/answer-facts.ts';
import type { BotContext } from '../bot-context.ts';
import type { BotMetrics } from '../metrics.ts';
import { isMemberHere } from '../places.ts';
import { editReply } from '../send.ts';
import type { AnswerPresenter } from './answer-reply.ts';
import { QueryProgress } from './query-progress.ts';

/** The answer must be sent within the 15 minutes of the interaction's token. */
const answerMaxMs = 14 * 60_000;
/** Half of an interaction's life. A later turn leaves too little time for the answer. */
const turnWaitMaxMs = 7 * 60_000;
/** Limit for notifying the users of interrupted queries. The others are notified at the next start, from the catalog. */
const stopNoticeMaxMs = 2_000;

export interface QueryRunnerParts extends AnsweringParts {
  readonly bot: BotContext;
  readonly metrics: BotMetrics;
  readonly queue: Pick<QueryQueue, 'enter' | 'untilTurnMs'>;
  readonly presenter: AnswerPresenter;
  readonly shard: number;
}

interface RunningQuery {
  readonly userId: string;
  readonly cancel: AbortController;
  readonly ended: Promise<void>;
}

interface AnsweringHow {
  readonly signal: AbortSignal;
  readonly progress: QueryProgress;
}

export class QueryRunner {
  readonly #parts: QueryRunnerParts;
  readonly #running = new Map<string, RunningQuery>();

  constructor(parts: QueryRunnerParts) {
    this.#parts = parts;
  }

  /** Answers an acknowledged interaction.
   *  @throws {LeitmotifError} the failure to report; no progress edit follows it */
  async run(interaction: RepliableInteraction, question: Question): Promise<void> {
    const { bot, metrics } = this.#parts;
    assertMayEmbed(interaction);
    const cancel = new AbortController();
    const ended = Promise.withResolvers<void>();
    this.#running.set(interaction.id, { userId: interaction.user.id, cancel, ended: ended.promise });
    const startedMs = performance.now();
    const progress = new QueryProgress(interaction, bot);
    try {
      await this.#remember(interaction);
      await this.#takeTurn(interaction, question, { signal: cancel.signal, progress });
      metrics.answered(performance.now() - startedMs);
    } catch (error) {
      // On abort, throw the abort reason.
      throw cancel.signal.aborted ? cancel.signal.reason : error;
    } finally {
      await progress.end();
      this.#running.delete(interaction.id);
      await this.#forget(interaction);
      ended.resolve();
    }
  }

  /** @returns the user id of a running query; null when it is not running in this shard, or has ended */
  ownerOf(interactionId: string): string | null {
    return this.#running.get(interactionId)?.userId ?? null;
  }

  cancel(interactionId: string): void {
    this.#running.get(interactionId)?.cancel.abort(new LeitmotifError('cancelled', 'Cancelled by the user'));
  }

  /** Waits for running queries, then aborts the rest and notifies their users if Discord accepts it at once. */
  async drain(deadlineMs: number): Promise<void> {
    if (await this.#idleWithin(deadlineMs)) return;
    const reason = new LeitmotifError('stopping', 'Interrupted: the bot is being restarted');
    for (const { cancel } of this.#running.values()) cancel.abort(reason);
    await this.#idleWithin(stopNoticeMaxMs);
  }

  /** @returns whether all currently running queries ended in this time */
  async #idleWithin(ms: number): Promise<boolean> {
    const all = Promise.all([...this.#running.values()].map(({ ended }) => ended)).then(() => true);
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), ms);
    const isIdle = await Promise.race([all, late]);
    clearTimeout(timer);
    return isIdle;
  }

  /** The query's time limit starts with its turn: the wait in the queue does not count. */
  async #takeTurn(interaction: RepliableInteraction, question: Question, how: AnsweringHow): Promise<void> {
    const done = this.#stageLog(interaction);
    const waitStartedMs = performance.now();
    using _turn = await waitForTurn(interaction, this.#parts.queue, how);
    done('wait', waitStartedMs);
    const deadlineMs = Math.min(this.#parts.services.config.queries.deadlineMs, leftMs(interaction, answerMaxMs));
    using limit = timeLimit(deadlineMs, how.signal);
    try {
      await this.#answer(interaction, question, { ...how, signal: limit.signal });
    } catch (error) {
      throw limit.isOver ? tooLate(how.progress.stage, error) : error;
    }
  }

  #stageLog({ id }: RepliableInteraction): (stage: string, sinceMs: number) => void {
    const { bot, metrics } = this.#parts;
    return (stage, sinceMs) => {
      const ms = Math.round(performance.now() - sinceMs);
      metrics.stage(stage, ms);
      bot.log.info({ query: id, stage, ms }, 'stage done');
    };
  }

  async #answer(
    interaction: RepliableInteraction,
    question: Question,
    { signal, progress }: AnsweringHow,
  ): Promise<void> {
    const { bot, presenter } = this.#parts;
    const log = bot.log.child({ query: interaction.id });
    const done = this.#stageLog(interaction);
    await using answered = await answerQuery(question, this.#parts, {
      askerId: interaction.user.id,
      minMatch: shownMatchMin,
      ...{ signal, log },
      onStage: (view) => progress.show(view),
      onDone: (stage, ms) => done(stage, performance.now() - ms),
    });
    progress.show({ stage: 'cutting' });
    const presentedFrom = performance.now();
    const { stored, fromMemory, queryPath } = answered;
    const reply = await presenter.page(stored, {
      texts: bot.texts(interaction.locale),
      page: 0,
      ...{ fromMemory, signal },
      attachmentLimitBytes: interaction.attachmentSizeLimit,
      mayAttach: mayAttach(interaction),
      mayShare: isMemberHere(interaction, bot),
    });
    done('present', presentedFrom);
    const sentFrom = performance.now();
    await progress.end();
    // Started before the answer is sent, so that a press of Listen finds the cut running.
    const kept = presenter.keepExtracts(stored, { queryPath, signal }).catch((err: unknown) => {
      if (!signal.aborted) log.warn({ err }, 'the extracts of a query could not be stored');
    });
    await editReply(interaction, reply);
    // At once: after a crash while the extracts are cut, the user must not be told that the query was interrupted.
    await this.#forget(interaction);
    done('send', sentFrom);
    await kept;
  }

  /** Stored before the work, so that the next start can report a crash. The query also runs when this fails. */
  async #remember({ id, applicationId, token, locale }: RepliableInteraction): Promise<void> {
    const { bot, shard } = this.#parts;
    const row = { interactionId: id, shard, applicationId, token, locale };
    try {
      bot.catalog.pendingQueries.begin(row);
    } catch (error) {
      bot.log.warn(
        { query: id, err: error },
        'a query could not be stored as pending: its user gets no notice after a crash',
      );
    }
  }

  async #forget({ id }: RepliableInteraction): Promise<void> {
    const { bot } = this.#parts;
    try {
      await retryBusy(() => bot.catalog.pendingQueries.end(id));
    } catch (error) {
      bot.log.warn({ query: id, err: error }, 'a finished query is still stored as pending');
    }
  }
}

/** An answer is an embed: without the permission it would be an empty message.
 *  @throws {LeitmotifError} 'discord-permission' */
function assertMayEmbed({ appPermissions, channelId }: RepliableInteraction): void {
  if (appPermissions.has(PermissionFlagsBits.EmbedLinks)) return;
  const facts = { permission: 'EmbedLinks', ...(channelId === null ? {} : { channelId }) };
  throw new LeitmotifError('discord-permission', 'Cannot answer here without the right to embed links', { facts });
}

/** Whether the bot may attach files, as the interaction says. */
function mayAttach({ appPermissions }: RepliableInteraction): boolean {
  return appPermissions.has(PermissionFlagsBits.AttachFiles);
}

/** The recording is to blame only when the time ran out while embedding it. */
function tooLate(stage: QueryProgress['stage'], cause: unknown): LeitmotifError {
  const code = stage === 'listening' ? 'audio-timeout' : 'query-timeout';
  return new LeitmotifError(code, 'Cannot answer in the time that a query may take', { cause });
}

/** Shows the query's place until its turn.
 *  @throws {LeitmotifError} 'busy-bot' (fact retryAtMs) when the turn does not come in time; as QueryQueue.enter */
async function waitForTurn(
  interaction: RepliableInteraction,
  queue: QueryRunnerParts['queue'],
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: QueryProgress },
): Promise<Disposable> {
  const person = { personId: interaction.user.id, serverId: interaction.guildId };
  using limit = timeLimit(leftMs(interaction, turnWaitMaxMs), signal);
  let lastPlace = 1;
  try {
    return await queue.enter(person, {
      signal: limit.signal,
      onPlace: (place) => {
        lastPlace = place;
        progress.show({ stage: 'waiting', place });
      },
    });
  } catch (cause) {
    if (!limit.isOver || cause !== limit.signal.reason) throw cause;
    const retryAtMs = Math.round(Date.now() + queue.untilTurnMs(lastPlace));
    const message = 'Cannot answer: the turn did not come before the interaction expired';
    throw new LeitmotifError('busy-bot', message, { cause, facts: { retryAtMs } });
  }
}

/** Milliseconds left of a period that began with the interaction. */
function leftMs({ createdTimestamp }: RepliableInteraction, ms: number): number {
  return Math.max(createdTimestamp + ms - Date.now(), 0);
}
