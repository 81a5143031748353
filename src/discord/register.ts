/** Registers the commands, only when they differ from Discord's: registration is rate-limited and makes clients reload
 *  them. */
import {
  type Client,
  type RESTGetCurrentApplicationResult,
  type RESTPostAPIApplicationCommandsJSONBody,
  Routes,
} from 'discord.js';

/** @returns whether they differed */
export async function registerCommands(
  client: Client<true>,
  definitions: readonly RESTPostAPIApplicationCommandsJSONBody[],
): Promise<boolean> {
  const { commands } = client.application;
  const registered = await commands.fetch({ withLocalizations: true });
  const same =
    registered.size === definitions.length &&
    definitions.every((wanted) => {
      const found = registered.find(({ name, type }) => name === wanted.name && type === (wanted.type ?? 1));
      return found?.equals(wanted as Parameters<typeof found.equals>[0], true) ?? false;
    });
  if (!same) await commands.set([...definitions]);
  return !same;
}

/** Registers without running the bot, also when nothing differs.
 *  @returns the application's name */
export async function registerByHand(
  client: Client,
  token: string,
  definitions: readonly RESTPostAPIApplicationCommandsJSONBody[],
): Promise<string> {
  const rest = client.rest.setToken(token);
  const { id, name } = (await rest.get(Routes.currentApplication())) as RESTGetCurrentApplicationResult;
  await rest.put(Routes.applicationCommands(id), { body: definitions });
  return name;
}
