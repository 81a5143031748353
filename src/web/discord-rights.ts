/** What a Discord user may do in the web app, by the same rules as in Discord (discord/library/rights.ts). Pure. */
import type { Scope } from './keys.ts';

export interface DiscordUser {
  readonly id: string;
  readonly name: string;
  /** The servers that the user is a member of. */
  readonly servers: readonly DiscordServer[];
}

export interface DiscordServer {
  readonly id: string;
  readonly isOwner: boolean;
  /** The user's permissions there, as Discord writes them: a decimal number. */
  readonly permissions: string;
}

export interface DiscordRights {
  /** DISCORD_OWNERS. */
  readonly owners: readonly string[];
  /** DISCORD_HOME_SERVERS, or the bot's only server. */
  readonly homeServers: readonly string[];
}

/** @see https://docs.discord.com/developers/topics/permissions */
const administrator = 1n << 3n;
const manageServer = 1n << 5n;

/** An owner, and a member of a home server with Manage Server: admin. Any other member of a home server: query.
 *  @returns null for everybody else */
export function scopeOf({ id, servers }: DiscordUser, { owners, homeServers }: DiscordRights): Scope | null {
  if (owners.includes(id)) return 'admin';
  const home = servers.filter((server) => homeServers.includes(server.id));
  if (home.length === 0) return null;
  return home.some(managesServer) ? 'admin' : 'query';
}

function managesServer({ isOwner, permissions }: DiscordServer): boolean {
  if (isOwner) return true;
  if (!/^\d{1,40}$/.test(permissions)) return false;
  return (BigInt(permissions) & (administrator | manageServer)) !== 0n;
}
