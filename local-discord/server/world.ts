/** The data: users, servers, channels and messages. Permissions are in permissions.ts. */
import type { APIEmbed, APIMessageTopLevelComponent, ChannelType } from 'discord-api-types/v10';

export interface User {
  readonly id: string;
  readonly name: string;
  readonly isBot: boolean;
  readonly locale: string;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly permissions: bigint;
}

interface Overwrite {
  /** 0: role, 1: member */
  readonly type: 0 | 1;
  readonly allow: bigint;
  readonly deny: bigint;
}

export type ThreadType = ChannelType.PublicThread | ChannelType.PrivateThread;

/** Of a thread. */
export interface ThreadState {
  readonly ownerId: string;
  readonly createdAtMs: number;
  readonly memberIds: Set<string>;
  archived: boolean;
  /** When it was last archived or reopened. */
  archivedAtMs: number;
  locked: boolean;
  autoArchiveMinutes: number;
  /** Includes deleted messages. */
  sentCount: number;
}

export interface Channel {
  readonly id: string;
  readonly type: ChannelType.GuildText | ChannelType.DM | ChannelType.GroupDM | ThreadType;
  /** null of a direct message and a group */
  readonly guildId: string | null;
  /** Of a thread. */
  readonly parentId: string | null;
  readonly thread: ThreadState | null;
  /** Of a direct message: the user that the bot talks to. */
  readonly recipientId: string | null;
  /** Of a group: its people. The bot is not one of them. */
  readonly memberIds?: readonly string[];
  name: string;
  /** By id of the role or member. */
  readonly overwrites: Map<string, Overwrite>;
  /** Oldest first. */
  readonly messages: Map<string, StoredMessage>;
}

export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly createdAtMs: number;
  readonly locale: string;
  readonly channels: Map<string, Channel>;
  readonly threads: Map<string, Channel>;
  /** The role with the guild's id is @everyone. */
  readonly roles: Map<string, Role>;
  /** User id -> ids of their roles, without @everyone. */
  readonly members: Map<string, readonly string[]>;
}

export interface StoredAttachment {
  readonly id: string;
  readonly fileName: string;
  /** The original name, if Discord changed it for the file name. */
  readonly title: string | null;
  readonly description: string | null;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** In pixels; of pictures only. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** The path of the link, without signature. */
  readonly linkPath: string;
}

/** The interaction that created a message. */
export interface MessageOrigin {
  readonly interactionId: string;
  /** InteractionType */
  readonly type: number;
  readonly userId: string;
  readonly commandName: string | null;
  readonly targetMessageId: string | null;
  readonly sourceMessageId: string | null;
  /** Of a follow-up. */
  readonly originalId: string | null;
  /** Of a modal: the interaction that was answered with it. */
  readonly triggering: MessageOrigin | null;
}

export interface StoredMessage {
  readonly id: string;
  readonly channelId: string;
  /** null in a direct message */
  readonly guildId: string | null;
  readonly authorId: string;
  /** An ephemeral message is visible to this user only. */
  readonly onlyForUserId: string | null;
  readonly createdAtMs: number;
  editedAtMs: number | null;
  /** MessageFlags */
  flags: number;
  content: string;
  embeds: readonly APIEmbed[];
  components: readonly APIMessageTopLevelComponent[];
  attachments: readonly StoredAttachment[];
  mentions: Mentions;
  readonly origin: MessageOrigin | null;
  readonly replyToId: string | null;
  readonly forward: Forward | null;
  readonly nonce: string | number | null;
}

/** The source of a forward, with a copy of its content at that time. */
export interface Forward {
  readonly messageId: string;
  readonly channelId: string;
  readonly guildId: string | null;
  readonly snapshot: MessageSnapshot;
}

export type MessageSnapshot = Pick<
  StoredMessage,
  'createdAtMs' | 'editedAtMs' | 'flags' | 'content' | 'embeds' | 'components' | 'attachments' | 'mentions'
> & { readonly type: number };

export interface Mentions {
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
  readonly everyone: boolean;
}

/** Above this number, a channel's oldest messages are deleted, so that a long demo does not grow. */
const messagesMax = 10_000;

export class World {
  readonly users = new Map<string, User>();
  readonly guilds = new Map<string, Guild>();
  /** And groups. */
  readonly directMessages = new Map<string, Channel>();

  channel(channelId: string): Channel | undefined {
    for (const guild of this.guilds.values()) {
      const channel = guild.channels.get(channelId) ?? guild.threads.get(channelId);
      if (channel) return channel;
    }
    return this.directMessages.get(channelId);
  }

  /** @returns null for a direct message */
  guildOf(channel: Channel): Guild | null {
    if (channel.guildId === null) return null;
    const guild = this.guilds.get(channel.guildId);
    if (!guild) throw new RangeError(`Cannot find the guild of channel ${channel.id}`);
    return guild;
  }

  user(userId: string): User {
    const user = this.users.get(userId);
    if (!user) throw new RangeError(`Cannot find the user ${userId}`);
    return user;
  }

  addMessage(message: StoredMessage): void {
    const messages = this.channel(message.channelId)?.messages;
    if (!messages) throw new RangeError(`Cannot add a message: channel ${message.channelId} is not there`);
    messages.set(message.id, message);
    if (messages.size > messagesMax) messages.delete(messages.keys().next().value as string);
  }
}
