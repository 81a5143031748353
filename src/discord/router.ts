/** Routes interactions to handlers: acknowledges first, and turns a handler's errors into error replies.
 *
 *  There are no collectors and no state per message: a component is identified by its custom id alone, so old components work
 *  like new ones.
 */
import {
  type AutocompleteInteraction,
  DiscordAPIError,
  type Interaction,
  MessageFlags,
  type RepliableInteraction,
} from 'discord.js';
import { LeitmotifError } from '../errors.ts';
import type { BotContext } from './bot-context.ts';
import { readCustomId } from './custom-id.ts';
import { type ErrorReplyOptions, isInteractionGone, sendErrorReply } from './error-reply.ts';
import type { AnyCommand, ComponentHandler, ComponentInteraction } from './handler.ts';
import type { BotMetrics } from './metrics.ts';
import { otherVersionReply } from './replies/stale.ts';
import { followUpPrivately } from './send.ts';

/** "Interaction has already been acknowledged": a repeated call after a lost response, so the first call arrived. */
const alreadyAcknowledged = 40_060;

type Acknowledgement = ErrorReplyOptions['acknowledged'];

export interface RouterOptions {
  readonly bot: BotContext;
  readonly metrics: BotMetrics;
  readonly commands: readonly AnyCommand[];
  readonly components: readonly ComponentHandler[];
}

export class Router {
  readonly #options: RouterOptions;
  readonly #commands: ReadonlyMap<string, AnyCommand>;
  readonly #components: ReadonlyMap<string, ComponentHandler>;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#commands = new Map(
      options.commands.map((command) => [`${command.kind} ${command.definition.name}`, command]),
    );
    this.#components = new Map(options.components.map((component) => [component.action, component]));
  }

  /** Never rejects. */
  async handle(interaction: Interaction): Promise<void> {
    const handled = this.#handle(interaction);
    this.#inFlight.add(handled);
    await handled;
    this.#inFlight.delete(handled);
    this.#options.bot.payloads.forget(interaction);
  }

  /** Resolves when every interaction so far has its answer. */
  async idle(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #handle(interaction: Interaction): Promise<void> {
    if (interaction.isAutocomplete()) return this.#autocomplete(interaction);
    if (interaction.isMessageComponent()) return this.#component(interaction);
    if (interaction.isChatInputCommand()) {
      const command = this.#commands.get(`chat ${interaction.commandName}`);
      if (command?.kind !== 'chat') return this.#unknown(interaction);
      return this.#run(
        interaction,
        () => visibility(command.isPrivate(interaction)),
        () => command.run(interaction),
      );
    }
    if (interaction.isMessageContextMenuCommand()) {
      const command = this.#commands.get(`message ${interaction.commandName}`);
      if (command?.kind !== 'message') return this.#unknown(interaction);
      return this.#run(
        interaction,
        () => visibility(command.isPrivate(interaction)),
        () => command.run(interaction),
      );
    }
  }

  async #component(interaction: ComponentInteraction): Promise<void> {
    const id = readCustomId(interaction.customId);
    if (id === null) return;
    const handler = id === 'other-version' ? undefined : this.#components.get(id.action);
    if (!handler || id === 'other-version') return this.#stale(interaction);
    return this.#run(
      interaction,
      () => handler.acknowledge(interaction, id),
      () => handler.run(interaction, id),
    );
  }

  /** A component of an older or newer version of the bot. */
  #stale(interaction: ComponentInteraction): Promise<void> {
    const reply = otherVersionReply(this.#options.bot.texts(interaction.locale));
    return this.#run(
      interaction,
      () => 'update',
      () => followUpPrivately(interaction, reply),
    );
  }

  /** A command of an older registration that Discord still shows. */
  #unknown(interaction: RepliableInteraction): Promise<void> {
    return this.#run(
      interaction,
      () => 'private-reply',
      () => {
        throw new LeitmotifError('bad-request', 'Cannot run a command that this version does not have');
      },
    );
  }

  /** @param acknowledgement synchronous; when it throws, the error reply is private */
  async #run(
    interaction: RepliableInteraction,
    acknowledgement: () => Acknowledgement,
    work: () => Promise<unknown>,
  ): Promise<void> {
    const { bot, metrics } = this.#options;
    const startedMs = performance.now();
    const decided = decide(acknowledgement);
    if (!(await this.#acknowledge(interaction, decided.acknowledged))) return;
    metrics.acknowledged(performance.now() - startedMs);
    try {
      if (decided.failure) throw decided.failure.error;
      if (bot.stopping.aborted) throw new LeitmotifError('stopping', 'Cannot start: the bot is being restarted');
      await work();
    } catch (error) {
      if (isInteractionGone(error)) {
        bot.log.warn({ interaction: interaction.id, err: error }, 'an interaction expired before its answer');
        return;
      }
      const { acknowledged } = decided;
      const texts = bot.texts(interaction.locale);
      const { audioLimits, queries } = bot.config;
      const limits = { ...audioLimits, durationMaxSec: queries.durationMaxSec };
      const code = await sendErrorReply(interaction, error, { texts, log: bot.log, limits, acknowledged });
      metrics.failed(code);
    }
  }

  /** @returns whether the interaction may be answered now */
  async #acknowledge(interaction: RepliableInteraction, acknowledgement: Acknowledgement): Promise<boolean> {
    try {
      if (acknowledgement === 'update' && interaction.isMessageComponent()) await interaction.deferUpdate();
      else await interaction.deferReply(acknowledgement === 'private-reply' ? { flags: MessageFlags.Ephemeral } : {});
      return true;
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === alreadyAcknowledged) {
        interaction.deferred = true;
        return true;
      }
      this.#options.bot.log.warn(
        { interaction: interaction.id, err: error },
        'an interaction could not be acknowledged',
      );
      return false;
    }
  }

  /** On failure the list is empty. */
  async #autocomplete(interaction: AutocompleteInteraction): Promise<void> {
    const { bot } = this.#options;
    try {
      const command = this.#commands.get(`chat ${interaction.commandName}`);
      const choices = command?.kind === 'chat' ? await command.autocomplete?.(interaction) : undefined;
      await interaction.respond(choices ?? []);
    } catch (error) {
      if (!isInteractionGone(error))
        bot.log.warn({ interaction: interaction.id, err: error }, 'no choices were offered');
    }
  }
}

function visibility(isPrivate: boolean): Acknowledgement {
  return isPrivate ? 'private-reply' : 'public-reply';
}

function decide(acknowledgement: () => Acknowledgement): {
  readonly acknowledged: Acknowledgement;
  readonly failure: { readonly error: unknown } | null;
} {
  try {
    return { acknowledged: acknowledgement(), failure: null };
  } catch (error) {
    return { acknowledged: 'private-reply', failure: { error } };
  }
}
