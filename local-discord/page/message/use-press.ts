import type { PageMessage } from '../../page-protocol.ts';
import { useSurroundings } from '../surroundings.ts';

/** A button or a select of a message: whether the bot still owes it an answer, and how to press it. */
export function usePress(message: PageMessage, customId: string, componentType: number) {
  const { discord } = useSurroundings();
  const isWaiting = discord.view.pending.some(
    ({ cause, failure }) =>
      failure === null && cause.kind === 'component' && cause.messageId === message.id && cause.customId === customId,
  );
  return {
    isWaiting,
    press: (values?: readonly string[]): void => {
      if (isWaiting) return;
      discord.interact(
        { kind: 'component', messageId: message.id, customId, componentType, ...(values && { values }) },
        { kind: 'component', messageId: message.id, customId },
      );
    },
  };
}
