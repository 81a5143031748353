/** Messages as Discord's JSON. Links are signed anew each time, as Discord does. */
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
import type { Forward, MadeBy, Snapshot, StoredAttachment, StoredMessage, World } from './world.ts';

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
    const { madeBy, mentions, forward } = message;
    const isReply = message.replyToId !== null;
    const thread = message.flags & MessageFlags.HasThread ? this.#world.channel(message.id) : undefined;
    const referenced = message.replyToId ?? madeBy?.targetMessageId ?? madeBy?.originalId ?? null;
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
      ...(madeBy ? { webhook_id: this.#applicationId, application_id: this.#applicationId } : {}),
      ...(madeBy ? this.#madeBy(message) : {}),
      ...(referenced ? this.#reference(message, referenced, isReply) : {}),
      ...(forward ? this.#forward(forward, message.id) : {}),
    } as APIMessage;
  }

  /** As the bot sees it over REST and the gateway: without the Message Content intent, other people's words, files and
   *  components are empty unless they mention the bot. */
  messageForBot(message: StoredMessage, botId: string, hasMessageContent: boolean): APIMessage {
    const body = this.message(message);
    const isOpen = hasMessageContent || message.authorId === botId || message.mentions.userIds.includes(botId);
    const closed = { content: '', attachments: [], embeds: [], components: [] };
    if (isOpen || message.guildId === null) return body;
    const snapshots = body.message_snapshots?.map((each) => ({ message: { ...each.message, ...closed } }));
    return { ...body, ...closed, ...(snapshots ? { message_snapshots: snapshots } : {}) };
  }

  /** What a message says, and what a forward of it repeats. */
  #content(said: Snapshot, messageId: string) {
    // What an embed shows is not listed a second time.
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

  /** What Discord finds out about a link, or about the file behind attachment://. */
  #media(url: string, attachments: readonly StoredAttachment[], messageId: string) {
    const attachment = attachments.find(({ fileName }) => scheme + fileName === url);
    // Nothing is fetched from the web: its address is all that is known.
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

  #madeBy({ madeBy, id, channelId }: StoredMessage): Partial<APIMessage> {
    if (!madeBy) return {};
    const author = user(this.#world.user(madeBy.userId));
    return {
      interaction_metadata: this.#metadata(madeBy, id, channelId) as unknown as NonNullable<
        APIMessage['interaction_metadata']
      >,
      ...(madeBy.commandName === null
        ? {}
        : { interaction: { id: madeBy.interactionId, type: madeBy.type, name: madeBy.commandName, user: author } }),
    };
  }

  #metadata(madeBy: MadeBy, id: string, channelId: string): Readonly<Record<string, unknown>> {
    const { interactionId, type, userId, targetMessageId, sourceMessageId, originalId, triggering } = madeBy;
    const place = this.#world.channel(channelId);
    return {
      id: interactionId,
      type,
      user: user(this.#world.user(userId)),
      authorizing_integration_owners: place ? authorizingOwners(this.#world, place, this.#applicationId, userId) : {},
      ...(targetMessageId ? { target_message_id: targetMessageId } : {}),
      // A modal's metadata name the message only in what opened it.
      ...(sourceMessageId && !triggering ? { interacted_message_id: sourceMessageId } : {}),
      ...(originalId && originalId !== id ? { original_response_message_id: originalId } : {}),
      ...(triggering ? { triggering_interaction_metadata: this.#metadata(triggering, id, channelId) } : {}),
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
        ...(message.guildId === null ? {} : { guild_id: message.guildId }),
      },
      ...(isReply || target ? { referenced_message: quoted } : {}),
    };
  }
}

/** A copy, as a forward keeps it; of a forward, what that one kept. */
export function snapshotOf(message: StoredMessage): Snapshot {
  if (message.forward) return message.forward.snapshot;
  const { createdAtMs, editedAtMs, flags, content, embeds, components, attachments, mentions } = message;
  const type = messageType(message);
  return { createdAtMs, editedAtMs, flags, content, embeds, components, attachments, mentions, type };
}

function messageType({ replyToId, madeBy }: StoredMessage): MessageType {
  if (replyToId !== null) return MessageType.Reply;
  if (madeBy?.type !== InteractionType.ApplicationCommand) return MessageType.Default;
  return madeBy.targetMessageId ? MessageType.ContextMenuCommand : MessageType.ChatInputCommand;
}
