/** The interfaces of commands and components. The router acknowledges before either runs. */
import type {
  ApplicationCommandOptionChoiceData,
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  MessageComponentInteraction,
  MessageContextMenuCommandInteraction,
  RESTPostAPIApplicationCommandsJSONBody,
  RepliableInteraction,
} from 'discord.js';
import type { CustomId } from './custom-id.ts';

/** A press of a button or a choice in a select. */
export type ComponentInteraction = Extract<RepliableInteraction, MessageComponentInteraction>;

interface Command<I> {
  readonly definition: RESTPostAPIApplicationCommandsJSONBody;
  /** Whether only the user sees the reply: decided synchronously, before any work. */
  readonly isPrivate: (interaction: I) => boolean;
  /** Runs after the acknowledgement: replies with `send.ts`'s editReply. The router turns its errors into error replies. */
  readonly run: (interaction: I) => Promise<void>;
}

export interface ChatCommand extends Command<ChatInputCommandInteraction> {
  readonly kind: 'chat';
  /** At most 25 choices, within 3 s; it cannot be deferred. */
  readonly autocomplete?: (interaction: AutocompleteInteraction) => Promise<ApplicationCommandOptionChoiceData[]>;
}

export interface MessageCommand extends Command<MessageContextMenuCommandInteraction> {
  readonly kind: 'message';
}

export type AnyCommand = ChatCommand | MessageCommand;

/** One action of custom ids (custom-id.ts): a button or a select. */
export interface ComponentHandler {
  readonly action: string;
  /** private-reply: a new message only the presser sees; public-reply: a new one in the channel;
   *  update: the message that the component sits on is edited. */
  readonly acknowledge: (
    interaction: ComponentInteraction,
    id: CustomId,
  ) => 'private-reply' | 'public-reply' | 'update';
  readonly run: (interaction: ComponentInteraction, id: CustomId) => Promise<void>;
}
