/** The state of the page, and its changes by server events and user actions. Pure. */
import type { APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';
import type { PageEvent, PageMessage, PageState } from '../../page-protocol.ts';

/** An action of the user that the bot has not answered yet, or that failed. */
export interface Pending {
  /** Assigned by the page, from 1: the server's id is known only after the request. */
  readonly key: number;
  readonly interactionId: string | null;
  readonly channelId: string;
  readonly cause: PendingCause;
  /** Why it failed, for the user; null while waiting. */
  readonly failure: string | null;
}

export type PendingCause =
  | { readonly kind: 'command'; readonly title: string }
  | { readonly kind: 'component'; readonly messageId: string; readonly customId: string };

/** An open modal. */
export interface Form {
  readonly interactionId: string;
  readonly modal: APIModalInteractionResponseCallbackData;
}

export interface View {
  /** Null until the server has answered. */
  readonly server: PageState | null;
  /** Why the state could not be loaded, for the user. */
  readonly refusal: string | null;
  readonly link: 'connecting' | 'open' | 'lost';
  /** channel id -> messages, oldest first. A channel that was never opened has only messages since the page was opened. */
  readonly messages: ReadonlyMap<string, readonly PageMessage[]>;
  /** Channels with unread messages. */
  readonly unread: ReadonlySet<string>;
  readonly pending: readonly Pending[];
  /** The open channel. */
  readonly form: Form | null;
  /** Ids of dismissed ephemeral messages. As in Discord's app, only the page hides them. */
  readonly dismissed: ReadonlySet<string>;
  /** Interactions that ended before the page knew their ids: an event can arrive before the response to the request. */
  readonly ended: readonly { readonly id: string; readonly failed: boolean }[];
}

export type Action =
  | { readonly type: 'state-loaded'; readonly server: PageState }
  | { readonly type: 'state-refused'; readonly reason: string }
  | { readonly type: 'messages-loaded'; readonly channelId: string; readonly messages: readonly PageMessage[] }
  | { readonly type: 'link-changed'; readonly link: View['link'] }
  | { readonly type: 'channel-seen'; readonly channelId: string }
  | { readonly type: 'sent'; readonly key: number; readonly channelId: string; readonly cause: PendingCause }
  | { readonly type: 'accepted'; readonly key: number; readonly interactionId: string }
  | { readonly type: 'refused'; readonly key: number; readonly reason: string }
  | { readonly type: 'pending-closed'; readonly key: number }
  | { readonly type: 'form-closed' }
  | { readonly type: 'message-dismissed'; readonly messageId: string }
  | { readonly type: 'event'; readonly event: PageEvent; readonly openChannelId: string };

export const notResponding = 'The application did not respond';
/** Enough for all interactions that can be pending. */
const endedMax = 100;

export const emptyView: View = {
  server: null,
  refusal: null,
  link: 'connecting',
  messages: new Map(),
  unread: new Set(),
  pending: [],
  form: null,
  dismissed: new Set(),
  ended: [],
};

export function reduceView(view: View, action: Action): View {
  switch (action.type) {
    case 'state-loaded':
      return { ...view, server: action.server, refusal: null };
    case 'state-refused':
      return { ...view, refusal: action.reason };
    case 'messages-loaded':
      return withMessages(view, action.channelId, (known) => reload(known, action.messages));
    case 'link-changed':
      return { ...view, link: action.link };
    case 'channel-seen':
      return { ...view, unread: without(view.unread, action.channelId) };
    case 'sent':
      return { ...view, pending: [...view.pending.filter((each) => !isOver(each, action.cause)), begun(action)] };
    case 'accepted':
      return accept(view, action.key, action.interactionId);
    case 'refused':
      return changePending(view, (each) => (each.key === action.key ? { ...each, failure: action.reason } : each));
    case 'pending-closed':
      return { ...view, pending: view.pending.filter((each) => each.key !== action.key) };
    case 'form-closed':
      return { ...view, form: null };
    case 'message-dismissed':
      return { ...view, dismissed: new Set(view.dismissed).add(action.messageId) };
    case 'event':
      return reduceEvent(view, action.event, action.openChannelId);
  }
}

function reduceEvent(view: View, event: PageEvent, openChannelId: string): View {
  switch (event.type) {
    case 'message-created': {
      const shown = withMessages(view, event.channelId, (messages) => put(messages, event.message));
      const isSeen = event.channelId === openChannelId || event.message.author.id === view.server?.me.id;
      return isSeen ? shown : { ...shown, unread: new Set(view.unread).add(event.channelId) };
    }
    case 'message-updated':
      return withMessages(view, event.channelId, (messages) => put(messages, event.message));
    case 'message-deleted':
      return withMessages(view, event.channelId, (messages) => messages.filter(({ id }) => id !== event.messageId));
    case 'interaction-answered': {
      const { interactionId, modal } = event;
      const ended = end(view, interactionId, false);
      return modal ? { ...ended, form: { interactionId, modal } } : ended;
    }
    case 'interaction-failed':
      return end(view, event.interactionId, true);
    case 'bot-status':
      return view.server ? { ...view, server: { ...view.server, botOnline: event.online } } : view;
    // The page asks for the state again.
    case 'commands-changed':
    case 'channels-changed':
      return view;
  }
}

/** A failure is shown until the same action is tried again. */
function isOver(pending: Pending, next: PendingCause): boolean {
  if (pending.failure === null || pending.cause.kind !== next.kind) return false;
  return next.kind === 'component' && pending.cause.kind === 'component' && pending.cause.messageId === next.messageId;
}

function begun({ key, channelId, cause }: Extract<Action, { type: 'sent' }>): Pending {
  return { key, interactionId: null, channelId, cause, failure: null };
}

function accept(view: View, key: number, interactionId: string): View {
  const known = changePending(view, (each) => (each.key === key ? { ...each, interactionId } : each));
  const ended = view.ended.find(({ id }) => id === interactionId);
  return ended ? end(known, interactionId, ended.failed) : known;
}

function end(view: View, interactionId: string, failed: boolean): View {
  const isKnown = view.pending.some((each) => each.interactionId === interactionId);
  if (!isKnown) return { ...view, ended: [...view.ended, { id: interactionId, failed }].slice(-endedMax) };
  if (!failed) return { ...view, pending: view.pending.filter((each) => each.interactionId !== interactionId) };
  return changePending(view, (each) =>
    each.interactionId === interactionId ? { ...each, failure: notResponding } : each,
  );
}

function changePending(view: View, change: (pending: Pending) => Pending): View {
  return { ...view, pending: view.pending.map(change) };
}

function withMessages(
  view: View,
  channelId: string,
  change: (messages: readonly PageMessage[]) => readonly PageMessage[],
): View {
  return { ...view, messages: new Map(view.messages).set(channelId, change(view.messages.get(channelId) ?? [])) };
}

/** Events can arrive before a requested list: their messages are kept. */
function reload(known: readonly PageMessage[], loaded: readonly PageMessage[]): readonly PageMessage[] {
  const newest = loaded.at(-1)?.id ?? '0';
  const isFresher = (message: PageMessage): boolean => {
    const answer = loaded.find(({ id }) => id === message.id);
    return answer ? editedMs(message) > editedMs(answer) : BigInt(message.id) > BigInt(newest);
  };
  return known.filter(isFresher).reduce(put, loaded);
}

function editedMs({ edited_timestamp }: PageMessage): number {
  return edited_timestamp ? Date.parse(edited_timestamp) : 0;
}

/** Ordered by id, which is chronological. An update replaces its message. */
function put(messages: readonly PageMessage[], message: PageMessage): readonly PageMessage[] {
  const others = messages.filter(({ id }) => id !== message.id);
  const at = others.findLastIndex(({ id }) => BigInt(id) < BigInt(message.id)) + 1;
  return others.toSpliced(at, 0, message);
}

function without<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  const rest = new Set(set);
  rest.delete(value);
  return rest;
}
