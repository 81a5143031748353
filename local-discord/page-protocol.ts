/** What the page and its server say to each other. Types only; shared by both sides.
 *
 *  Messages, components, embeds and attachments are Discord's own JSON. Everything below is under `/page`, and `user`
 *  says as whom: who opens the page picks a person, there is no password on loopback.
 *
 *  GET  /page/state?user=ID                        -> PageState
 *  GET  /page/channels/ID/messages?user=ID         -> PageMessage[], oldest first, of those the person may see
 *  POST /page/channels/ID/messages?user=ID         multipart: payload_json {content, replyToId?}, files[0..] -> PageMessage
 *  POST /page/channels/ID/forwards?user=ID         JSON {channelId, messageId}: passes that message on -> PageMessage
 *  POST /page/interactions?user=ID                 multipart: payload_json PageInteraction, files[0..] -> {id}
 *  POST /page/autocomplete?user=ID                 JSON PageAutocomplete -> {choices: {name, value}[]}
 *  WS   /page/events?user=ID                       <- PageEvent, JSON, one a frame
 *
 *  A refusal is a 4xx with {message} for the person to read.
 */
import type { APIApplicationCommand, APIMessage, APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';

export interface PageUser {
  readonly id: string;
  readonly name: string;
  readonly isBot: boolean;
}

export interface PageChannel {
  readonly id: string;
  readonly name: string;
  /** Of a thread: the channel that it belongs to, and that it comes after. */
  readonly parentId?: string;
}

export interface PageGuild {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly PageChannel[];
}

export interface PageState {
  readonly me: PageUser;
  /** Everyone there is, the bot included. */
  readonly users: readonly PageUser[];
  readonly guilds: readonly PageGuild[];
  /** With the bot. */
  readonly directMessages: readonly PageChannel[];
  /** As the bot registered them, localisations included, that this person may use. */
  readonly commands: readonly APIApplicationCommand[];
  readonly botOnline: boolean;
}

/** Discord's message, and what a client knows beyond it. An ephemeral message (flags & 64) is sent to its person only;
 *  one that the bot is still thinking about has flags & 128. */
export type PageMessage = APIMessage;

export interface PageOption {
  readonly name: string;
  /** ApplicationCommandOptionType */
  readonly type: number;
  /** For an attachment option: the index of its file in the request. For a subcommand: none. */
  readonly value?: string | number | boolean;
  /** Of a subcommand. */
  readonly options?: readonly PageOption[];
}

export type PageInteraction = { readonly channelId: string; readonly locale: string } & (
  | { readonly kind: 'chat-command'; readonly commandId: string; readonly options: readonly PageOption[] }
  | { readonly kind: 'message-command'; readonly commandId: string; readonly messageId: string }
  | {
      readonly kind: 'component';
      readonly messageId: string;
      readonly customId: string;
      /** ComponentType */
      readonly componentType: number;
      /** Of a select. */
      readonly values?: readonly string[];
    }
  | {
      readonly kind: 'modal';
      /** Of the interaction that was answered with it. */
      readonly interactionId: string;
      /** By custom id. Of a file upload: indexes of files in the request. What is not named keeps its preset value. */
      readonly values: Readonly<Record<string, string | boolean | readonly string[]>>;
    }
);

export interface PageAutocomplete {
  readonly channelId: string;
  readonly locale: string;
  readonly commandId: string;
  readonly options: readonly PageOption[];
  /** The name of the option that is being typed. */
  readonly focused: string;
}

export type PageEvent =
  | { readonly type: 'message-created' | 'message-updated'; readonly channelId: string; readonly message: PageMessage }
  | { readonly type: 'message-deleted'; readonly channelId: string; readonly messageId: string }
  /** Three seconds passed without an answer: "The application did not respond". */
  | { readonly type: 'interaction-failed'; readonly interactionId: string; readonly messageId: string | null }
  /** Answered in some way: a client stops its spinner. */
  | {
      readonly type: 'interaction-answered';
      readonly interactionId: string;
      /** Answered with a form: the person fills it in. */
      readonly modal?: APIModalInteractionResponseCallbackData;
    }
  /** Channels and threads: the page asks for the state again, as it does for commands. */
  | { readonly type: 'commands-changed' | 'channels-changed' }
  | { readonly type: 'bot-status'; readonly online: boolean };
