/** What there is: people, guilds, channels, messages. Data and look-ups; who may do what is permissions.ts. */
import type { APIEmbed, APIMessageTopLevelComponent } from 'discord-api-types/v10';

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
  /** 0 of a role, 1 of a member */
  readonly type: 0 | 1;
  readonly allow: bigint;
  readonly deny: bigint;
}

export interface Channel {
  readonly id: string;
  readonly guildId: string;
  readonly name: string;
  /** By the id of a role or member. */
  readonly overwrites: Map<string, Overwrite>;
  /** Oldest first. */
  readonly messages: Map<string, StoredMessage>;
}

export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly locale: string;
  readonly channels: Map<string, Channel>;
  /** The one with the guild's id is @everyone. */
  readonly roles: Map<string, Role>;
  /** User id -> ids of their roles, @everyone aside. */
  readonly members: Map<string, readonly string[]>;
}

export interface StoredAttachment {
  readonly id: string;
  readonly fileName: string;
  /** As it was called before Discord made a file name of it. */
  readonly title: string | null;
  readonly description: string | null;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Pixels, of a picture. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** The path of its link, without signature. */
  readonly linkPath: string;
}

/** Why a message is there, when an interaction made it. */
export interface MadeBy {
  readonly interactionId: string;
  /** InteractionType */
  readonly type: number;
  readonly userId: string;
  readonly commandName: string | null;
  readonly targetMessageId: string | null;
  readonly sourceMessageId: string | null;
  /** Of a follow-up. */
  readonly originalId: string | null;
}

export interface StoredMessage {
  readonly id: string;
  readonly channelId: string;
  readonly guildId: string;
  readonly authorId: string;
  /** An ephemeral message is there for one person only. */
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
  readonly madeBy: MadeBy | null;
  readonly replyToId: string | null;
  readonly nonce: string | number | null;
}

export interface Mentions {
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
  readonly everyone: boolean;
}

/** A channel forgets its oldest messages beyond this, so that a long demo does not grow. */
const messagesMax = 10_000;

export class World {
  readonly users = new Map<string, User>();
  readonly guilds = new Map<string, Guild>();

  channel(channelId: string): Channel | undefined {
    for (const guild of this.guilds.values()) {
      const channel = guild.channels.get(channelId);
      if (channel) return channel;
    }
    return undefined;
  }

  guildOf(channel: Channel): Guild {
    const guild = this.guilds.get(channel.guildId);
    if (!guild) throw new RangeError(`Cannot find the guild of channel ${channel.id}`);
    return guild;
  }

  user(userId: string): User {
    const user = this.users.get(userId);
    if (!user) throw new RangeError(`Cannot find the user ${userId}`);
    return user;
  }

  keep(message: StoredMessage): void {
    const messages = this.channel(message.channelId)?.messages;
    if (!messages) throw new RangeError(`Cannot keep a message: channel ${message.channelId} is not there`);
    messages.set(message.id, message);
    if (messages.size > messagesMax) messages.delete(messages.keys().next().value as string);
  }
}
