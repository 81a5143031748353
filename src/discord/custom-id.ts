/** Custom ids of buttons and selects: `lm1:action:argument:argument`. They outlive restarts and updates, so they carry a
 *  version and point into stored answers; no state is in memory. */

/** Increase it when an action's arguments change their meaning: presses of older components then get an explanation. */
export const customIdVersion = 1;
/** @see https://discord.com/developers/docs/components/reference */
const lengthMax = 100;

export interface CustomId {
  readonly action: string;
  /** Non-empty strings without colons. */
  readonly args: readonly string[];
}

/** @throws {RangeError} when the id could not be read back unchanged, or is over Discord's 100 characters */
export function writeCustomId(action: string, ...args: readonly (string | number)[]): string {
  const parts = [action, ...args.map(String)];
  const id = [`lm${customIdVersion}`, ...parts].join(':');
  if (parts.some((part) => part === '' || part.includes(':')) || id.length > lengthMax) {
    throw new RangeError(
      `Cannot write a custom id: expected parts without colons and ${lengthMax} characters, got ${id}`,
    );
  }
  return id;
}

/** @returns 'other-version' for an id of this bot with another version; null for an id that is not this bot's */
export function readCustomId(text: string): CustomId | 'other-version' | null {
  const [prefix = '', action, ...args] = text.split(':');
  if (!/^lm\d+$/.test(prefix) || !action) return null;
  return prefix === `lm${customIdVersion}` ? { action, args } : 'other-version';
}
