/** Messages as Discord's JSON. Links are signed again each time, as Discord does. */
import {
  type APIAttachment,
  type APIEmbed,
  type APIMessage,
  InteractionType,
  MessageFlags,
  MessageReferenceType,
  MessageType,
} from 'discord-api-types/v10';
import type { AttachmentStore } from './attachment-store.ts';
import { answerComponent, answerEmbed, type MediaOf } from './component-answer.ts';
import { authorizingOwners } from './installs.ts';
import { channel, isoTime, user } from './shapes.ts';
import type { Forward, MessageOrigin, MessageSnapshot, StoredAttachment, StoredMessage, World } from './world.ts';

const scheme = 'attachment://';

export class Presenter {
  readonly #world: World;
  readonly #store: AttachmentStore;
  readonly #applicationId: string;

  constructor(world: World, store: AttachmentStore, applicationId: string) {
    this.#world = world;
    this.#store = store;
    this.#applicationId = applicationId;
  }

  /** The whole message, for its author, users and interactions. */
  message(message: StoredMessage): APIMessage {
    const { origin, mentions, forward } = message;
    const isReply = message.replyToId !== null;
    const thread = message.flags & MessageFlags.HasThread ? this.#world.channel(message.id) : undefined;
    const referenced = message.replyToId ?? origin?.targetMessageId ?? origin?.originalId ?? null;
    return {
      id: message.id,
      channel_id: message.channelId,
      author: user(this.#world.user(message.authorId)),
      tts: false,
      mention_everyone: mentions.everyone,
      pinned: false,
      ...this.#content({ ...message, type: messageType(message) }, message.id),
      ...(thread ? { thread: channel(thread, this.#world) } : {}),
      ...(message.nonce === null ? {} : { nonce: message.nonce }),
      ...(origin ? { webhook_id: this.#applicationId, application_id: this.#applicationId } : {}),
      ...(origin ? this.#origin(message) : {}),
      ...(referenced ? this.#reference(message, referenced, isReply) : {}),
      ...(forward ? this.#forward(forward, message.id) : {}),
    } as APIMessage;
  }

  /** For the bot over REST and the gateway. Without the Message Content intent, text, files and components of other authors are
   *  empty unless the message mentions the bot. */
  messageForBot(message: StoredMessage, botId: string, hasMessageContent: boolean): APIMessage {
    const body = this.message(message);
    const isOpen = hasMessageContent || message.authorId === botId || message.mentions.userIds.includes(botId);
    const closed = { content: '', attachments: [], embeds: [], components: [] };
    if (isOpen || message.guildId === null) return body;
    const snapshots = body.message_snapshots?.map((each) => ({ message: { ...each.message, ...closed } }));
    return { ...body, ...closed, ...(snapshots ? { message_snapshots: snapshots } : {}) };
  }

  /** The fields of a message that a forward repeats. */
  #content(said: MessageSnapshot, messageId: string) {
    // An attachment that an embed shows is not listed again.
    const shown = JSON.stringify(said.embeds);
    const listed = said.attachments.filter(({ fileName }) => !shown.includes(JSON.stringify(scheme + fileName)));
    const mediaOf: MediaOf = (url) => this.#media(url, said.attachments, messageId);
    return {
      type: said.type,
      content: said.content,
      timestamp: isoTime(said.createdAtMs),
      edited_timestamp: said.editedAtMs === null ? null : isoTime(said.editedAtMs),
      mentions: said.mentions.userIds.map((id) => user(this.#world.user(id))),
      mention_roles: [...said.mentions.roleIds],
      attachments: listed.map((attachment) => this.attachment(attachment)),
      embeds: said.embeds.map((embed) => answerEmbed(embed, mediaOf)) as unknown as APIEmbed[],
      components: said.components.map((each) => answerComponent(each, mediaOf)) as unknown as NonNullable<
        APIMessage['components']
      >,
      flags: said.flags,
    };
  }

  #forward({ messageId, channelId, guildId, snapshot }: Forward, id: string): Partial<APIMessage> {
    return {
      message_reference: {
        type: MessageReferenceType.Forward,
        message_id: messageId,
        channel_id: channelId,
        ...(guildId === null ? {} : { guild_id: guildId }),
      },
      message_snapshots: [{ message: this.#content(snapshot, id) }],
    } as Partial<APIMessage>;
  }

  attachment(attachment: StoredAttachment): APIAttachment {
    const url = this.#store.link(attachment);
    return {
      id: attachment.id,
      filename: attachment.fileName,
      size: attachment.sizeBytes,
      url,
      proxy_url: url,
      content_type: attachment.contentType,
      ...(attachment.title === null ? {} : { title: attachment.title }),
      ...(attachment.description === null ? {} : { description: attachment.description }),
      ...(attachment.size ?? {}),
      ...(attachment.linkPath.startsWith('/ephemeral') ? { ephemeral: true } : {}),
    };
  }

  /** Media object of a web link, or of the file behind attachment://. */
  #media(url: string, attachments: readonly StoredAttachment[], messageId: string) {
    const attachment = attachments.find(({ fileName }) => scheme + fileName === url);
    // Nothing is fetched from the web, so only the URL is known.
    if (!attachment) return { id: messageId, url, proxy_url: url };
    const link = this.#store.link(attachment);
    const { id, size, contentType, description, fileName, sizeBytes } = attachment;
    return {
      id,
      url: link,
      proxy_url: link,
      content_type: contentType,
      attachment_id: id,
      ...(description === null ? {} : { description }),
      ...(size ?? {}),
      name: fileName,
      size: sizeBytes,
    };
  }

  #origin({ origin, id, channelId }: StoredMessage): Partial<APIMessage> {
    if (!origin) return {};
    const author = user(this.#world.user(origin.userId));
    return {
      interaction_metadata: this.#metadata(origin, id, channelId) as unknown as NonNullable<
        APIMessage['interaction_metadata']
      >,
      ...(origin.commandName === null
        ? {}
        : { interaction: { id: origin.interactionId, type: origin.type, name: origin.commandName, user: author } }),
    };
  }

  #metadata(origin: MessageOrigin, id: string, channelId: string): Readonly<Record<string, unknown>> {
    const { interactionId, type, userId, targetMessageId, sourceMessageId, originalId, triggering } = origin;
    const place = this.#world.channel(channelId);
    return {
      id: interactionId,
      type,
      user: user(this.#world.user(userId)),
      authorizing_integration_owners: place ? authorizingOwners(this.#world, place, this.#applicationId, userId) : {},
      ...(targetMessageId ? { target_message_id: targetMessageId } : {}),
      // For a modal, only the metadata of the interaction that opened it name the message.
      ...(sourceMessageId && !triggering ? { interacted_message_id: sourceMessageId } : {}),
      ...(originalId && originalId !== id ? { original_response_message_id: originalId } : {}),
      ...(triggering ? { triggering_interaction_metadata: this.#metadata(triggering, id, channelId) } : {}),
    };
  }

  #reference(message: StoredMessage, messageId: string, isReply: boolean): Partial<APIMessage> {
    const target = this.#world.channel(message.channelId)?.messages.get(messageId);
    // Quoted messages contain no further quotes.
    const quoted = target ? this.message({ ...target, replyToId: null, origin: null }) : null;
    return {
      message_reference: {
        type: 0,
        message_id: messageId,
        channel_id: message.channelId,
        ...(message.guildId === null ? {} : { guild_id: message.guildId }),
      },
      ...(isReply || target ? { referenced_message: quoted } : {}),
    };
  }
}

/** Copies a message for a forward. For a forward, returns its snapshot. */
export function snapshotOf(message: StoredMessage): MessageSnapshot {
  if (message.forward) return message.forward.snapshot;
  const { createdAtMs, editedAtMs, flags, content, embeds, components, attachments, mentions } = message;
  const type = messageType(message);
  return { createdAtMs, editedAtMs, flags, content, embeds, components, attachments, mentions, type };
}

function messageType({ replyToId, origin }: StoredMessage): MessageType {
  if (replyToId !== null) return MessageType.Reply;
  if (origin?.type !== InteractionType.ApplicationCommand) return MessageType.Default;
  return origin.targetMessageId ? MessageType.ContextMenuCommand : MessageType.ChatInputCommand;
}
