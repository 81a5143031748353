/** Context of all components: names for mentions, the user's language. */
import { createContext, useContext } from 'react';
import type { PageChannel, PageGuild, PageUser } from '../page-protocol.ts';
import type { Discord } from './state/use-discord.ts';

export interface Surroundings {
  readonly discord: Discord;
  readonly me: PageUser;
  readonly locale: string;
  readonly users: ReadonlyMap<string, PageUser>;
  readonly channels: ReadonlyMap<string, PageChannel>;
  readonly guild: PageGuild | null;
  openChannel(channelId: string): void;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (!found) throw new TypeError('Cannot use surroundings: expected to be within <Channel>');
  return found;
}
