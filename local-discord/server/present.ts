/** Messages as Discord's JSON. Links are signed anew each time, as Discord does. */
import {
  type APIAttachment,
  type APIEmbed,
  type APIMessage,
  InteractionType,
  MessageType,
} from 'discord-api-types/v10';
import type { AttachmentStore } from './attachment-store.ts';
import { isoTime, user } from './shapes.ts';
import type { StoredAttachment, StoredMessage, World } from './world.ts';

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

  /** Whole, as its author, the people of the channel and interactions see it. */
  message(message: StoredMessage): APIMessage {
    const { madeBy, mentions } = message;
    // What an embed shows is not listed a second time.
    const shown = JSON.stringify(message.embeds);
    const listed = message.attachments.filter(({ fileName }) => !shown.includes(JSON.stringify(scheme + fileName)));
    const isReply = message.replyToId !== null;
    const type = isReply ? MessageType.Reply : commandMessageType(madeBy?.type, madeBy?.targetMessageId ?? null);
    const referenced = message.replyToId ?? madeBy?.targetMessageId ?? madeBy?.originalId ?? null;
    return {
      id: message.id,
      channel_id: message.channelId,
      author: user(this.#world.user(message.authorId)),
      content: message.content,
      timestamp: isoTime(message.createdAtMs),
      edited_timestamp: message.editedAtMs === null ? null : isoTime(message.editedAtMs),
      tts: false,
      mention_everyone: mentions.everyone,
      mentions: mentions.userIds.map((id) => user(this.#world.user(id))),
      mention_roles: [...mentions.roleIds],
      attachments: listed.map((attachment) => this.attachment(attachment)),
      embeds: message.embeds.map((embed) => this.#embed(embed, message.attachments)),
      components: this.#resolveMedia(message.components, message.attachments) as NonNullable<APIMessage['components']>,
      pinned: false,
      type,
      flags: message.flags,
      ...(message.nonce === null ? {} : { nonce: message.nonce }),
      ...(madeBy ? { webhook_id: this.#applicationId, application_id: this.#applicationId } : {}),
      ...(madeBy ? this.#madeBy(message) : {}),
      ...(referenced ? this.#reference(message, referenced, isReply) : {}),
    } as APIMessage;
  }

  /** As the bot sees it over REST and the gateway: without the Message Content intent, other people's words, files and
   *  components are empty unless they mention the bot. */
  messageForBot(message: StoredMessage, botId: string, hasMessageContent: boolean): APIMessage {
    const body = this.message(message);
    const isOpen = hasMessageContent || message.authorId === botId || message.mentions.userIds.includes(botId);
    return isOpen ? body : { ...body, content: '', attachments: [], embeds: [], components: [] };
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

  #embed(embed: APIEmbed, attachments: readonly StoredAttachment[]): APIEmbed {
    return { type: 'rich', ...(this.#resolveMedia(embed, attachments) as APIEmbed) } as APIEmbed;
  }

  /** Replaces attachment:// by links and adds what Discord finds out about the file. */
  #resolveMedia(part: unknown, attachments: readonly StoredAttachment[]): unknown {
    if (Array.isArray(part)) return part.map((item) => this.#resolveMedia(item, attachments));
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).flatMap(([key, value]): [string, unknown][] => {
      if (typeof value !== 'string' || !value.startsWith(scheme))
        return [[key, this.#resolveMedia(value, attachments)]];
      const attachment = attachments.find(({ fileName }) => fileName === value.slice(scheme.length));
      if (!attachment) return [[key, value]];
      const url = this.#store.link(attachment);
      if (key !== 'url') return [[key, url]];
      const { size, contentType, id } = attachment;
      const found: [string, unknown][] = [
        ['content_type', contentType],
        ['attachment_id', id],
        ['proxy_url', url],
        ...(attachment.description === null ? [] : [['description', attachment.description] as [string, unknown]]),
      ];
      return [[key, url], ...found, ...Object.entries(size ?? {})];
    });
    return Object.fromEntries(entries);
  }

  #madeBy({ madeBy, id }: StoredMessage): Partial<APIMessage> {
    if (!madeBy) return {};
    const author = user(this.#world.user(madeBy.userId));
    return {
      interaction_metadata: {
        id: madeBy.interactionId,
        type: madeBy.type,
        user: author,
        authorizing_integration_owners: {},
        ...(madeBy.targetMessageId ? { target_message_id: madeBy.targetMessageId } : {}),
        ...(madeBy.sourceMessageId ? { interacted_message_id: madeBy.sourceMessageId } : {}),
        ...(madeBy.originalId && madeBy.originalId !== id ? { original_response_message_id: madeBy.originalId } : {}),
      } as NonNullable<APIMessage['interaction_metadata']>,
      ...(madeBy.commandName === null
        ? {}
        : { interaction: { id: madeBy.interactionId, type: madeBy.type, name: madeBy.commandName, user: author } }),
    };
  }

  #reference(message: StoredMessage, messageId: string, isReply: boolean): Partial<APIMessage> {
    const target = this.#world.channel(message.channelId)?.messages.get(messageId);
    // Whole messages are quoted one deep only.
    const quoted = target ? this.message({ ...target, replyToId: null, madeBy: null }) : null;
    return {
      message_reference: {
        type: 0,
        message_id: messageId,
        channel_id: message.channelId,
        guild_id: message.guildId,
      },
      ...(isReply || target ? { referenced_message: quoted } : {}),
    };
  }
}

function commandMessageType(type: number | undefined, targetMessageId: string | null): MessageType {
  if (type !== InteractionType.ApplicationCommand) return MessageType.Default;
  return targetMessageId ? MessageType.ContextMenuCommand : MessageType.ChatInputCommand;
}
