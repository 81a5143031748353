/** Context of all components: names for mentions, the user's language. */
import { createContext, useContext } from 'react';
import type { PageChannel, PageGuild, PageUser } from '../page-protocol.ts';
import type { Discord } from './state/use-discord.ts';

export interface PageContext {
  readonly discord: Discord;
  readonly me: PageUser;
  readonly locale: string;
  readonly users: ReadonlyMap<string, PageUser>;
  readonly channels: ReadonlyMap<string, PageChannel>;
  readonly guild: PageGuild | null;
  openChannel(channelId: string): void;
}

export const PageContextProvider = createContext<PageContext | null>(null);

export function usePageContext(): PageContext {
  const found = useContext(PageContextProvider);
  if (!found) throw new TypeError('Cannot use the page context: expected to be within <Channel>');
  return found;
}
