/** What every part of the page needs: its texts. */
import { createContext, use } from 'react';
import { type Texts, textsOf } from '../texts/texts.ts';

export const TextsContext = createContext<Texts>(textsOf([]));

export function useTexts(): Texts {
  return use(TextsContext);
}
