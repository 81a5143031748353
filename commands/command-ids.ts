/** Ids of the commands as Discord has registered them, for mentions that can be clicked. */
import type { Client } from 'discord.js';

/** discord.js itself tries for a minute. @returns an empty map when Discord does not answer in time */
export async function commandIdsWithin(client: Client, timeoutMs: number): Promise<Map<string, string>> {
  const late = Promise.withResolvers<Map<string, string>>();
  const timer = setTimeout(() => late.resolve(new Map()), timeoutMs);
  const ids = registeredIds(client).catch(() => new Map<string, string>());
  return Promise.race([ids, late.promise]).finally(() => clearTimeout(timer));
}

async function registeredIds({ application }: Client): Promise<Map<string, string>> {
  const commands = await application?.commands.fetch();
  return new Map(commands?.map(({ name, id }) => [name, id]));
}
