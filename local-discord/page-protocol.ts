/** The protocol between the page and its server. Types only; both sides import them.
 *
 *  Messages, components, embeds and attachments are Discord's own JSON. Everything below is under `/page`, and `user`
 *  names the user: the page offers all users, since there are no passwords on loopback.
 *
 *  GET  /page/state?user=ID                        -> PageState
 *  GET  /page/channels/ID/messages?user=ID         -> PageMessage[] that the user may see, oldest first
 *  POST /page/channels/ID/messages?user=ID         multipart: payload_json {content, replyToId?}, files[0..] -> PageMessage
 *  POST /page/channels/ID/forwards?user=ID         JSON {channelId, messageId}: forwards that message -> PageMessage
 *  POST /page/interactions?user=ID                 multipart: payload_json PageInteraction, files[0..] -> {id}
 *  POST /page/autocomplete?user=ID                 JSON PageAutocomplete -> {choices: {name, value}[]}
 *  WS   /page/events?user=ID                       <- PageEvent, JSON, one a frame
 *
 *  A refusal is a 4xx with {message} for the user.
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
  /** Of a thread: its channel, after which it is listed. */
  readonly parentId?: string;
}

export interface PageGuild {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly PageChannel[];
}

export interface PageState {
  readonly me: PageUser;
  /** All users, the bot included. */
  readonly users: readonly PageUser[];
  readonly guilds: readonly PageGuild[];
  /** The user's direct message with the bot. */
  readonly directMessages: readonly PageChannel[];
  /** The commands that this user may use, as registered, with their localisations. */
  readonly commands: readonly APIApplicationCommand[];
  readonly botOnline: boolean;
}

/** Discord's message with additional data of the client. An ephemeral message (flags & 64) is sent to its user only. A
 *  deferred one ("thinking") has flags & 128. */
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
      /** The interaction that the modal answered. */
      readonly interactionId: string;
      /** By custom id. Of a file upload: indexes of files in the request. Other fields keep their preset values. */
      readonly values: Readonly<Record<string, string | boolean | readonly string[]>>;
    }
);

export interface PageAutocomplete {
  readonly channelId: string;
  readonly locale: string;
  readonly commandId: string;
  readonly options: readonly PageOption[];
  /** The name of the option in focus. */
  readonly focused: string;
}

export type PageEvent =
  | { readonly type: 'message-created' | 'message-updated'; readonly channelId: string; readonly message: PageMessage }
  | { readonly type: 'message-deleted'; readonly channelId: string; readonly messageId: string }
  /** Three seconds passed without an answer: "The application did not respond". */
  | { readonly type: 'interaction-failed'; readonly interactionId: string; readonly messageId: string | null }
  /** The interaction was answered: a client stops its spinner. */
  | {
      readonly type: 'interaction-answered';
      readonly interactionId: string;
      /** The answer was a modal. */
      readonly modal?: APIModalInteractionResponseCallbackData;
    }
  /** Channels, threads or commands changed: the page requests the state again. */
  | { readonly type: 'commands-changed' | 'channels-changed' }
  | { readonly type: 'bot-status'; readonly online: boolean };
