/** The hook that communicates with the server: the current view and the user's actions. */
import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import type { PageChannel, PageInteraction, PageState } from '../../page-protocol.ts';
import type { Address } from './address.ts';
import { type Api, createApi, Refusal } from './api.ts';
import { openEventStream } from './event-stream.ts';
import { emptyView, type PendingCause, reduceView, type View } from './page-state.ts';

/** An interaction without the fields that the hook adds. */
export type Deed = PageInteraction extends infer Each
  ? Each extends PageInteraction
    ? Omit<Each, 'channelId' | 'locale'>
    : never
  : never;

export interface Discord {
  readonly view: View;
  readonly api: Api;
  /** The open channel; '' until the server has answered. */
  readonly channelId: string;
  interact(deed: Deed, cause: PendingCause, files?: readonly File[]): void;
  /** @throws Error whose message is for the user */
  post(content: string, files: readonly File[]): Promise<void>;
  /** Forwards a message of the open channel.
   *  @throws Error whose message is for the user */
  forward(messageId: string, toChannelId: string): Promise<void>;
  closeForm(): void;
  closePending(key: number): void;
  dismiss(messageId: string): void;
}

/** The channels of the servers, then the direct message. */
export function allChannels({ guilds, directMessages }: PageState): readonly PageChannel[] {
  return [...guilds.flatMap((guild) => guild.channels), ...directMessages];
}

/** To change the user, remount it with another key. */
export function useDiscord({ userId, channelId: wanted, locale }: Address): Discord {
  const [view, dispatch] = useReducer(reduceView, emptyView);
  const api = useMemo(() => createApi(userId), [userId]);
  const channels = view.server ? allChannels(view.server) : [];
  const channelId = (channels.find(({ id }) => id === wanted) ?? channels[0])?.id ?? '';
  const openChannelId = useRef(channelId);
  openChannelId.current = channelId;
  const lastKey = useRef(0);

  const loadMessages = useCallback(
    async (id: string): Promise<void> => {
      if (id === '') return;
      dispatch({ type: 'messages-loaded', channelId: id, messages: await api.messages(id) });
    },
    [api],
  );

  useEffect(() => {
    const loadState = async (): Promise<void> => {
      try {
        dispatch({ type: 'state-loaded', server: await api.state() });
      } catch (error) {
        if (error instanceof Refusal) dispatch({ type: 'state-refused', reason: error.message });
      }
    };
    // Failed requests are repeated when the socket is open again.
    const quietly = (work: Promise<void>): void => void work.catch(() => undefined);
    return openEventStream(api.eventsUrl, {
      onOpen: () => {
        dispatch({ type: 'link-changed', link: 'open' });
        // Loads what was missed without a socket.
        quietly(loadState());
        quietly(loadMessages(openChannelId.current));
      },
      onLost: () => dispatch({ type: 'link-changed', link: 'lost' }),
      onEvent: (event) => {
        dispatch({ type: 'event', event, openChannelId: openChannelId.current });
        if (event.type === 'commands-changed' || event.type === 'channels-changed') quietly(loadState());
      },
    });
  }, [api, loadMessages]);

  useEffect(() => {
    loadMessages(channelId).catch(() => undefined);
    dispatch({ type: 'channel-seen', channelId });
  }, [channelId, loadMessages]);

  const interact: Discord['interact'] = (deed, cause, files = []) => {
    lastKey.current += 1;
    const key = lastKey.current;
    dispatch({ type: 'sent', key, channelId, cause });
    api.interact({ ...deed, channelId, locale }, files).then(
      ({ id }) => dispatch({ type: 'accepted', key, interactionId: id }),
      (error: Error) => dispatch({ type: 'refused', key, reason: error.message }),
    );
  };
  return {
    view,
    api,
    channelId,
    interact,
    post: async (content, files) => {
      await api.post(channelId, content, files);
    },
    forward: async (messageId, toChannelId) => {
      await api.forward(channelId, messageId, toChannelId);
    },
    closeForm: () => dispatch({ type: 'form-closed' }),
    closePending: (key) => dispatch({ type: 'pending-closed', key }),
    dismiss: (messageId) => dispatch({ type: 'message-dismissed', messageId }),
  };
}
