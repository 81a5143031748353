import type { PageMessage } from '../../page-protocol.ts';

/** The message flags that change the display.
 *  @see https://discord.com/developers/docs/resources/message#message-object-message-flags */
export const MessageFlag = {
  ephemeral: 1 << 6,
  loading: 1 << 7,
  componentsV2: 1 << 15,
} as const;

export function has(message: PageMessage, flag: number): boolean {
  return (Number(message.flags ?? 0) & flag) !== 0;
}
