/** The query that runs, for every page: each may start one. */
import { createContext, use } from 'react';
import type { Asking } from './use-asking.ts';

export interface AskingFromPage extends Asking {
  /** Tells the user what to change; null takes it back. */
  readonly onHint: (hint: string | null) => void;
}

export const AskingContext = createContext<AskingFromPage | null>(null);

export function useAskingHere(): AskingFromPage {
  const asking = use(AskingContext);
  if (!asking) throw new TypeError('Cannot ask: expected to be inside the frame');
  return asking;
}
