/** One query of one person, from its acknowledgement to its last edit: the wait for its turn, progress, cancelling, the
 *  answer. Whatever happens, the interaction gets an answer, and exactly one. */
import type { RepliableInteraction } from 'discord.js';
import { PermissionFlagsBits } from 'discord.js';
import { LeitmotifError } from '../../errors.ts';
import type { BotContext } from '../bot-context.ts';
import type { BotMetrics } from '../metrics.ts';
import { ProgressMessage } from '../progress.ts';
import type { QueryQueue } from '../query-queue.ts';
import { type ProgressView, progressReply } from '../replies/progress.ts';
import { retryBusy } from '../retry-busy.ts';
import { editReply } from '../send.ts';
import { type AnsweringParts, answerQuestion } from './answering.ts';
import type { Presenter } from './presenting.ts';
import type { Question } from './question.ts';

/** Before this nobody has had the time to change their mind, and a button that comes and goes is pressed by mistake. */
const cancelAfterMs = 5_000;
/** The answer must be sent within the 15 minutes of the interaction's token. */
const tokenMs = 14 * 60_000;

export interface AskerParts extends AnsweringParts {
  readonly bot: BotContext;
  readonly metrics: BotMetrics;
  readonly queue: QueryQueue;
  readonly presenter: Presenter;
  readonly shard: number;
}

interface RunningQuery {
  readonly userId: string;
  readonly cancel: AbortController;
  readonly ended: Promise<void>;
}

export class Asker {
  readonly #parts: AskerParts;
  readonly #running = new Map<string, RunningQuery>();

  constructor(parts: AskerParts) {
    this.#parts = parts;
  }

  /** Answers an acknowledged interaction.
   *  @throws {LeitmotifError} what the person is to be told; by then no progress follows */
  async ask(interaction: RepliableInteraction, question: Question): Promise<void> {
    const { bot, metrics } = this.#parts;
    assertMayEmbed(interaction);
    const cancel = new AbortController();
    const ended = Promise.withResolvers<void>();
    this.#running.set(interaction.id, { userId: interaction.user.id, cancel, ended: ended.promise });
    const startedMs = performance.now();
    const progress = new QueryProgress(interaction, bot);
    const late = this.#deadlineOf(interaction);
    try {
      await this.#remember(interaction);
      await this.#answer(interaction, question, { signal: AbortSignal.any([cancel.signal, late]), progress });
      metrics.answered(performance.now() - startedMs);
    } catch (error) {
      // Whoever was interrupted says only that; why, stands here.
      if (cancel.signal.aborted) throw cancel.signal.reason;
      throw late.aborted ? tooLate(error) : error;
    } finally {
      await progress.end();
      this.#running.delete(interaction.id);
      await this.#forget(interaction);
      ended.resolve();
    }
  }

  /** @returns who asked a running query; null when it is not running here, or not any more */
  ownerOf(interactionId: string): string | null {
    return this.#running.get(interactionId)?.userId ?? null;
  }

  cancel(interactionId: string): void {
    this.#running.get(interactionId)?.cancel.abort(new LeitmotifError('cancelled', 'Cancelled by its asker'));
  }

  /** Waits for what runs, and gives up what runs longer: their askers are told. */
  async drain(deadlineMs: number): Promise<void> {
    const all = () => Promise.all([...this.#running.values()].map(({ ended }) => ended));
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), deadlineMs);
    const outcome = await Promise.race([all(), late]);
    clearTimeout(timer);
    if (outcome !== 'late') return;
    const reason = new LeitmotifError('stopping', 'Cut off: the bot is being restarted');
    for (const { cancel } of this.#running.values()) cancel.abort(reason);
    await all();
  }

  async #answer(
    interaction: RepliableInteraction,
    question: Question,
    { signal, progress }: { readonly signal: AbortSignal; readonly progress: QueryProgress },
  ): Promise<void> {
    const { bot, queue, metrics, presenter } = this.#parts;
    const log = bot.log.child({ query: interaction.id });
    const done = (stage: string, sinceMs: number) => {
      const ms = Math.round(performance.now() - sinceMs);
      metrics.stage(stage, ms);
      log.info({ stage, ms }, 'stage done');
    };
    const waitedFrom = performance.now();
    const person = { personId: interaction.user.id, serverId: interaction.guildId };
    using _turn = await queue.enter(person, { signal, onPlace: (place) => progress.show({ stage: 'waiting', place }) });
    done('wait', waitedFrom);
    await using answered = await answerQuestion(question, this.#parts, {
      askerId: interaction.user.id,
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
      ...{ fromMemory, queryPath, signal },
      attachmentLimitBytes: interaction.attachmentSizeLimit,
      mayAttach: mayAttach(interaction),
    });
    done('present', presentedFrom);
    const sentFrom = performance.now();
    await progress.end();
    // Begun before the answer is there to be pressed, so that Listen finds it under way.
    const kept = presenter.keepExtracts(stored, { queryPath, signal }).catch((err: unknown) => {
      if (!signal.aborted) log.warn({ err }, 'the extracts of a query could not be kept');
    });
    await editReply(interaction, reply);
    done('send', sentFrom);
    await kept;
  }

  #deadlineOf({ createdTimestamp }: RepliableInteraction): AbortSignal {
    const { deadlineMs } = this.#parts.app.config.queries;
    const leftMs = Math.max(createdTimestamp + tokenMs - Date.now(), 0);
    return AbortSignal.timeout(Math.min(deadlineMs, leftMs));
  }

  /** Written before the work, so that a crash leaves a trace. Without it the query still runs. */
  async #remember({ id, applicationId, token, locale }: RepliableInteraction): Promise<void> {
    const { app, bot, shard } = this.#parts;
    const row = { interactionId: id, shard, applicationId, token, locale };
    try {
      app.catalog.pendingQueries.begin(row);
    } catch (error) {
      bot.log.warn({ query: id, err: error }, 'a query could not be noted: if it is cut off, its asker is not told');
    }
  }

  async #forget({ id }: RepliableInteraction): Promise<void> {
    const { app, bot } = this.#parts;
    try {
      await retryBusy(() => app.catalog.pendingQueries.end(id));
    } catch (error) {
      bot.log.warn({ query: id, err: error }, 'a finished query is still noted as pending');
    }
  }
}

/** An answer is an embed: without this right it would be an empty message.
 *  @throws {LeitmotifError} 'discord-permission' */
function assertMayEmbed({ appPermissions, channelId }: RepliableInteraction): void {
  if (appPermissions.has(PermissionFlagsBits.EmbedLinks)) return;
  const facts = { permission: 'EmbedLinks', ...(channelId === null ? {} : { channelId }) };
  throw new LeitmotifError('discord-permission', 'Cannot answer here without the right to embed links', { facts });
}

/** In a server the bot needs the right to attach; where it is installed for a person, Discord says so as well. */
function mayAttach({ appPermissions }: RepliableInteraction): boolean {
  return appPermissions.has(PermissionFlagsBits.AttachFiles);
}

function tooLate(cause: unknown): LeitmotifError {
  return new LeitmotifError('audio-timeout', 'Cannot answer in the time that a query may take', { cause });
}

/** The progress of one query: the last stage is shown again, with a Cancel button, once it has taken a while. */
class QueryProgress {
  readonly #message: ProgressMessage;
  readonly #show: (cancelId: string | null) => void;
  readonly #timer: NodeJS.Timeout;
  #view: Omit<ProgressView, 'cancelId'> | null = null;
  #cancelId: string | null = null;

  constructor(interaction: RepliableInteraction, bot: BotContext) {
    const texts = bot.texts(interaction.locale);
    this.#message = new ProgressMessage({
      send: (reply) => editReply(interaction, reply),
      onError: (error) => bot.log.info({ query: interaction.id, err: error }, 'a progress edit failed'),
    });
    this.#show = (cancelId) => {
      const view = this.#view;
      if (view) this.#message.show(() => progressReply(texts, { ...view, cancelId }));
    };
    this.#timer = setTimeout(() => {
      this.#cancelId = interaction.id;
      this.#show(this.#cancelId);
    }, cancelAfterMs);
  }

  show(view: Omit<ProgressView, 'cancelId'>): void {
    this.#view = view;
    this.#show(this.#cancelId);
  }

  /** Resolves when no edit follows. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#message.end();
  }
}
