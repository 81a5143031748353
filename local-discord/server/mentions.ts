/** Whom a message pings: what its text names, narrowed by `allowed_mentions`.
 *  @see https://discord.com/developers/docs/resources/message#allowed-mentions-object */
import type { APIAllowedMentions } from 'discord-api-types/v10';
import type { Mentions } from './world.ts';

interface Place {
  readonly isMember: (userId: string) => boolean;
  readonly isRole: (roleId: string) => boolean;
  readonly mayMentionEveryone: boolean;
}

export function mentionsOf(
  content: string,
  allowed: APIAllowedMentions | null | undefined,
  { isMember, isRole, mayMentionEveryone }: Place,
): Mentions {
  const named = (pattern: RegExp) => [...new Set([...content.matchAll(pattern)].map((match) => match[1] ?? ''))];
  const pick = (ids: string[], kind: 'users' | 'roles') => {
    if (!allowed || allowed.parse?.includes(kind as never)) return ids;
    return ids.filter((id) => allowed[kind]?.includes(id));
  };
  const everyoneAllowed = !allowed || Boolean(allowed.parse?.includes('everyone' as never));
  return {
    userIds: pick(named(/<@!?(\d+)>/g), 'users').filter(isMember),
    roleIds: pick(named(/<@&(\d+)>/g), 'roles').filter(isRole),
    everyone: mayMentionEveryone && everyoneAllowed && /@(everyone|here)\b/.test(content),
  };
}
