/** Custom ids of buttons and selects: `lm1:action:argument:argument`. They outlive restarts and updates, so they carry a
 *  version and point into stored results; nothing is remembered in memory. */

/** Raised when an action's arguments change their meaning: presses of older ones are then told so. */
export const customIdVersion = 1;
/** @see https://discord.com/developers/docs/components/reference */
const lengthMax = 100;

export interface CustomId {
  readonly action: string;
  /** Never empty strings, never with a colon. */
  readonly args: readonly string[];
}

/** @throws {RangeError} when it would not come back the same, or is over Discord's 100 characters */
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

/** @returns 'other-version' for one of ours that another version wrote, null for one that is not ours */
export function readCustomId(text: string): CustomId | 'other-version' | null {
  const [prefix = '', action, ...args] = text.split(':');
  if (!/^lm\d+$/.test(prefix) || !action) return null;
  return prefix === `lm${customIdVersion}` ? { action, args } : 'other-version';
}
