/** The bot's commands in the user's language, with one entry per subcommand. Pure. */
import type {
  APIApplicationCommand,
  APIApplicationCommandBasicOption,
  APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  InteractionContextType,
} from 'discord-api-types/v10';
import type { PageOption } from '../../page-protocol.ts';

type Localisations = Readonly<Partial<Record<string, string | null>>> | null | undefined;

/** One entry of the list: `/about`, or `/library status` with its path. */
export interface CommandEntry {
  readonly commandId: string;
  /** Names of the subcommand group and the subcommand; empty for a plain command. */
  readonly path: readonly { readonly name: string; readonly type: number }[];
  /** The registered name, for example 'library status'. */
  readonly name: string;
  /** In the user's language. */
  readonly title: string;
  readonly description: string;
  readonly options: readonly OptionEntry[];
}

export interface OptionEntry {
  readonly option: APIApplicationCommandBasicOption;
  readonly title: string;
  readonly description: string;
}

const chatInput: ApplicationCommandType.ChatInput = 1;
const message: ApplicationCommandType.Message = 3;
const subcommand: ApplicationCommandOptionType.Subcommand = 1;
const subcommandGroup: ApplicationCommandOptionType.SubcommandGroup = 2;

/** 'en-GB' and languages without a translation fall back to the registered name. */
export function localised(text: string, localisations: Localisations, locale: string): string {
  return localisations?.[locale] ?? text;
}

const inServers: InteractionContextType.Guild = 0;
const inDirectMessages: InteractionContextType.BotDM = 1;

/** The commands of the open channel.
 *  @param guildId null in a direct message */
export function commandsHere(
  commands: readonly APIApplicationCommand[],
  guildId: string | null,
): readonly APIApplicationCommand[] {
  return commands.filter(({ guild_id: ownGuildId, contexts, dm_permission: inDms }) => {
    if (ownGuildId !== undefined && ownGuildId !== guildId) return false;
    if (contexts) return contexts.includes(guildId === null ? inDirectMessages : inServers);
    return guildId !== null || inDms !== false;
  });
}

/** @returns by title */
export function chatCommands(commands: readonly APIApplicationCommand[], locale: string): CommandEntry[] {
  return commands
    .filter(({ type }) => type === chatInput)
    .flatMap((command) => entriesOf(command.id, command, [], locale))
    .sort((a, b) => a.title.localeCompare(b.title, locale));
}

export function messageCommands(commands: readonly APIApplicationCommand[]): APIApplicationCommand[] {
  return commands.filter(({ type }) => type === message);
}

interface Node {
  readonly name: string;
  readonly name_localizations?: Localisations;
  readonly description: string;
  readonly description_localizations?: Localisations;
  readonly options?: readonly APIApplicationCommandOption[];
}

interface Step {
  readonly name: string;
  readonly title: string;
  readonly type: number;
}

function entriesOf(commandId: string, node: Node, above: readonly Step[], locale: string, type = 0): CommandEntry[] {
  const step = { name: node.name, title: localised(node.name, node.name_localizations, locale), type };
  const steps = [...above, step];
  const options = node.options ?? [];
  const below = options.filter((each) => each.type === subcommand || each.type === subcommandGroup);
  if (below.length > 0) return below.flatMap((each) => entriesOf(commandId, each, steps, locale, each.type));
  return [
    {
      commandId,
      path: steps.slice(1).map((each) => ({ name: each.name, type: each.type })),
      name: steps.map((each) => each.name).join(' '),
      title: steps.map((each) => each.title).join(' '),
      description: localised(node.description, node.description_localizations, locale),
      options: (options as readonly APIApplicationCommandBasicOption[]).map((option) => ({
        option,
        title: localised(option.name, option.name_localizations, locale),
        description: localised(option.description, option.description_localizations, locale),
      })),
    },
  ];
}

/** @param typed the text after the slash
 *  @returns first the entries that begin with it, then those that contain it */
export function findCommands(entries: readonly CommandEntry[], typed: string): CommandEntry[] {
  const wanted = typed.trim().toLowerCase();
  const rankOf = ({ title, name }: CommandEntry): number => {
    const names = [title.toLowerCase(), name];
    if (names.some((each) => each.startsWith(wanted))) return 0;
    return names.some((each) => each.includes(wanted)) ? 1 : 2;
  };
  return [0, 1].flatMap((rank) => entries.filter((entry) => rankOf(entry) === rank));
}

/** @returns the values nested in the command's subcommands, as Discord requires */
export function nestOptions({ path }: CommandEntry, values: readonly PageOption[]): readonly PageOption[] {
  return path.reduceRight<readonly PageOption[]>((options, { name, type }) => [{ name, type, options }], values);
}
