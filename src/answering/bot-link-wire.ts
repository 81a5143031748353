/** What programs over one INDEX_DIR say to a bot: a socket in that folder, which only its owner can reach. The bot's first shard
 *  listens. The web server and the bot's other shards take their turns in its query queue; the web server also asks it to post
 *  finds. */
import path from 'node:path';
import { z } from 'zod';
import { socketPathBytesMax } from '../io/socket-folder.ts';

/** @returns null where the path is too long for a socket */
export function botSocketOf(indexDir: string): string | null {
  const file = path.join(indexDir, 'bot.sock');
  return Buffer.byteLength(file) > socketPathBytesMax ? null : file;
}

export const requesterSchema = z.object({
  personId: z.string().min(1).max(100),
  serverId: z.string().max(20).nullable(),
});

/** A line of the answer to /turns. The turn lasts until the connection is closed. */
export const turnLineSchema = z.union([z.object({ place: z.int().min(1) }), z.object({ turn: z.literal(true) })]);

export const shareOrderSchema = z.object({
  answerId: z.string().max(40),
  rank: z.string().regex(/^[1-9]\d?$/),
  /** Under which the share is stored. */
  userId: z.string().min(1).max(100),
  /** The server to post in; null where there is only one. */
  serverId: z.string().max(20).nullable(),
  /** The user's servers; null if the caller did not sign in with Discord. */
  memberOf: z.array(z.string().max(20)).max(200).nullable(),
});
export type ShareOrder = z.infer<typeof shareOrderSchema>;

export const sharedSchema = z.object({
  serverId: z.string(),
  channelId: z.string(),
  /** null while another request posts it. */
  messageUrl: z.string().nullable(),
  isNew: z.boolean(),
});
export type Shared = z.infer<typeof sharedSchema>;

export const botStatusSchema = z.object({
  /** Servers with a channel for finds. */
  shareServers: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Servers whose admins manage the library. */
  homeServers: z.array(z.string()),
});
export type BotStatus = z.infer<typeof botStatusSchema>;
