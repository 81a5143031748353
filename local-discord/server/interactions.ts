/** Answers to interactions: one first answer within 3 s, further ones within 15 min.
 *  @see https://discord.com/developers/docs/interactions/receiving-and-responding */
import { randomBytes } from 'node:crypto';
import { InteractionResponseType, MessageFlags, PermissionFlagsBits } from 'discord-api-types/v10';
import { refusals } from './api-error.ts';
import type { Upload } from './attachment-store.ts';
import { callbackViolations } from './callback-rules.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import { appPermissionsIn } from './installs.ts';
import { type InteractionRecord, tokenLifeMs } from './interaction-record.ts';
import type { MessageBody, Messages } from './messages.ts';
import type { Modal } from './modal-rules.ts';
import type { Snowflakes } from './snowflake.ts';
import type { Channel, MessageOrigin, StoredMessage, World } from './world.ts';

const answerWithinMs = 3000;
/** Ended interactions that are remembered, so that a late answer gets the right error. */
const recordsMax = 20_000;

const { Ephemeral } = MessageFlags;
const withMessage = [InteractionResponseType.ChannelMessageWithSource, InteractionResponseType.UpdateMessage];

export interface CallbackBody {
  readonly type: InteractionResponseType;
  readonly data?: MessageBody & {
    readonly choices?: InteractionRecord['choices'];
    readonly title?: string;
    readonly custom_id?: string;
  };
}

interface InteractionsOptions {
  readonly world: World;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly ids: Snowflakes;
  readonly events: EventBus;
  readonly botId: string;
}

type Sent = Pick<InteractionRecord, 'type' | 'userId' | 'channelId' | 'guildId'> &
  Partial<Pick<InteractionRecord, 'commandName' | 'targetMessageId' | 'sourceMessageId' | 'openedBy'>>;

export class Interactions {
  readonly #options: InteractionsOptions;
  readonly #byId = new Map<string, InteractionRecord>();
  readonly #byToken = new Map<string, InteractionRecord>();

  constructor(options: InteractionsOptions) {
    this.#options = options;
  }

  /** Starts the deadline of 3 s. The caller sends the interaction to the bot. */
  start(sent: Sent): InteractionRecord {
    const { clock, ids } = this.#options;
    const interaction: InteractionRecord = {
      commandName: null,
      targetMessageId: null,
      sourceMessageId: null,
      openedBy: null,
      ...sent,
      id: ids.next(),
      token: randomBytes(60).toString('base64url'),
      sentAtMs: clock.nowMs(),
      state: 'waiting',
      answeredAtMs: null,
      originalId: null,
      isThinking: false,
      followupIds: [],
      choices: null,
      modal: null,
    };
    this.#remember(interaction);
    clock.after(answerWithinMs, () => this.#failIfWaiting(interaction));
    return interaction;
  }

  /** The first answer.
   *  @param arrivedAtMs when the request's head arrived
   *  @returns the created or changed message, if any */
  async answer(
    id: string,
    token: string,
    body: CallbackBody,
    files: readonly Upload[],
    arrivedAtMs: number,
  ): Promise<{ interaction: InteractionRecord; message: StoredMessage | null }> {
    const { events } = this.#options;
    const interaction = this.#byId.get(id);
    if (!interaction || interaction.token !== token) throw refusals.unknownInteraction();
    if (interaction.state === 'answered') throw refusals.alreadyAcknowledged();
    if (interaction.state === 'failed' || arrivedAtMs - interaction.sentAtMs > answerWithinMs) {
      throw refusals.unknownInteraction();
    }
    const violations = callbackViolations(interaction.type, body);
    if (violations.length > 0) throw refusals.invalidBody(violations);
    if (withMessage.includes(body.type)) this.#checkBody(interaction, body.data ?? {}, files, ['data']);
    // Set before the message is written, so that a simultaneous second answer is refused.
    interaction.state = 'answered';
    interaction.answeredAtMs = arrivedAtMs;
    try {
      const message = await this.#apply(interaction, body, files);
      events.publish({ type: 'interaction-answered', interaction });
      return { interaction, message };
    } catch (error) {
      Object.assign(interaction, { state: 'waiting', answeredAtMs: null, originalId: null });
      if (this.#options.clock.nowMs() - interaction.sentAtMs > answerWithinMs) this.#failIfWaiting(interaction);
      throw error;
    }
  }

  /** Sends a follow-up. The first one after a deferral becomes the edit of "thinking...", and keeps the deferral's Ephemeral
   *  flag. */
  async followUp(token: string, body: MessageBody, files: readonly Upload[]): Promise<StoredMessage> {
    const interaction = this.withToken(token);
    const { originalId } = interaction;
    const isThere = originalId !== null && this.#channel(interaction).messages.has(originalId);
    if (interaction.isThinking && isThere) {
      return this.edit(interaction, this.message(interaction, '@original'), body, files);
    }
    this.#checkBody(interaction, body, files);
    const isPrivate = Boolean((body.flags ?? 0) & Ephemeral);
    return this.#options.messages.create({
      channel: this.#channel(interaction),
      authorId: this.#options.botId,
      body,
      files,
      onlyForUserId: isPrivate ? interaction.userId : null,
      flags: isPrivate ? Ephemeral : 0,
      origin: { ...this.#origin(interaction), originalId: interaction.originalId },
      onId: (id) => interaction.followupIds.push(id),
    });
  }

  async edit(
    interaction: InteractionRecord,
    message: StoredMessage,
    body: MessageBody,
    files: readonly Upload[],
  ): Promise<StoredMessage> {
    this.#checkPermissions(interaction, body, files);
    const edited = await this.#options.messages.edit(message, body, files);
    if (message.id === interaction.originalId) interaction.isThinking = false;
    return edited;
  }

  /** The modal that the bot answered this interaction with. */
  find(id: string): InteractionRecord | undefined {
    return this.#byId.get(id);
  }

  /** @throws {ApiError} 50027 for an expired or unknown token, 10015 before the first answer */
  withToken(token: string): InteractionRecord {
    const interaction = this.#byToken.get(token);
    const isAlive = interaction && this.#options.clock.nowMs() - interaction.sentAtMs <= tokenLifeMs;
    if (!isAlive) throw refusals.invalidWebhookToken();
    if (interaction.state !== 'answered') throw refusals.unknownWebhook();
    return interaction;
  }

  /** @param messageId or `@original` */
  message(interaction: InteractionRecord, messageId: string): StoredMessage {
    const id = messageId === '@original' ? interaction.originalId : messageId;
    const isItsOwn = id !== null && [interaction.originalId, ...interaction.followupIds].includes(id);
    const message = isItsOwn ? this.#channel(interaction).messages.get(id) : undefined;
    if (!message) throw refusals.unknownMessage();
    return message;
  }

  async #apply(interaction: InteractionRecord, body: CallbackBody, files: readonly Upload[]) {
    const { messages, botId } = this.#options;
    const data = body.data ?? {};
    const isPrivate = Boolean((data.flags ?? 0) & Ephemeral);
    const draft = {
      channel: this.#channel(interaction),
      authorId: botId,
      onlyForUserId: isPrivate ? interaction.userId : null,
      flags: isPrivate ? Ephemeral : 0,
      origin: this.#origin(interaction),
      onId: (id: string) => {
        interaction.originalId = id;
      },
    };
    switch (body.type) {
      case InteractionResponseType.ChannelMessageWithSource:
        return messages.create({ ...draft, body: data, files });
      case InteractionResponseType.DeferredChannelMessageWithSource:
        interaction.isThinking = true;
        return messages.createThinking(draft);
      case InteractionResponseType.UpdateMessage: {
        const source = draft.channel.messages.get(interaction.sourceMessageId ?? '');
        if (!source) throw refusals.unknownMessage();
        interaction.originalId = source.id;
        return messages.edit(source, data, files);
      }
      case InteractionResponseType.DeferredMessageUpdate:
        interaction.originalId = interaction.sourceMessageId;
        return null;
      case InteractionResponseType.ApplicationCommandAutocompleteResult:
        interaction.choices = data.choices ?? [];
        return null;
      case InteractionResponseType.Modal:
        interaction.modal = numbered(data as unknown as Modal);
        return null;
      default:
        return null;
    }
  }

  #checkBody(interaction: InteractionRecord, body: MessageBody, files: readonly Upload[], path: string[] = []): void {
    this.#checkPermissions(interaction, body, files);
    this.#options.messages.check(body, files, [], path);
  }

  /** A reply to an interaction needs no permission to send messages, only those for its files and embeds. */
  #checkPermissions(interaction: InteractionRecord, body: MessageBody, files: readonly Upload[]): void {
    const channel = this.#channel(interaction);
    const { world, botId } = this.#options;
    const bits = appPermissionsIn(world, channel, botId, interaction.userId);
    const { AttachFiles, EmbedLinks } = PermissionFlagsBits;
    if (files.length > 0 && !(bits & AttachFiles)) throw refusals.missingPermissions();
    if (body.embeds?.length && !(bits & EmbedLinks)) throw refusals.missingPermissions();
  }

  #channel(interaction: InteractionRecord): Channel {
    const channel = this.#options.world.channel(interaction.channelId);
    if (!channel) throw refusals.unknownChannel();
    return channel;
  }

  #origin(interaction: InteractionRecord): MessageOrigin {
    const { id, type, userId, commandName, targetMessageId, sourceMessageId, openedBy } = interaction;
    return {
      interactionId: id,
      type,
      userId,
      commandName,
      targetMessageId,
      sourceMessageId,
      originalId: null,
      triggering: openedBy ? this.#origin(openedBy) : null,
    };
  }

  #failIfWaiting(interaction: InteractionRecord): void {
    if (interaction.state !== 'waiting') return;
    interaction.state = 'failed';
    this.#options.events.publish({ type: 'interaction-failed', interaction });
  }

  #remember(interaction: InteractionRecord): void {
    this.#byId.set(interaction.id, interaction);
    this.#byToken.set(interaction.token, interaction);
    if (this.#byId.size <= recordsMax) return;
    const [oldest] = this.#byId.values();
    if (!oldest) return;
    this.#byId.delete(oldest.id);
    this.#byToken.delete(oldest.token);
  }
}

/** Discord assigns ids to components that have none. */
function numbered(modal: Modal): Modal {
  const copy = structuredClone(modal);
  const parts = copy.components.flatMap((each) => {
    const inner = 'component' in each ? [each.component] : 'components' in each ? each.components : [];
    return [each, ...inner];
  });
  for (const [index, part] of parts.entries()) part.id ??= index + 1;
  return copy;
}
