/** Texts about the caller: the key, and signing in, in German. */
import type { peopleEn } from './people.en.ts';

export const peopleDe: typeof peopleEn = {
  forgetKey: 'API-Schlüssel vergessen',
};
