import type { PageMessage } from '../../page-protocol.ts';
import { usePageContext } from '../page-context.ts';

/** Presses a button or select, and knows whether the bot has answered. */
export function usePress(message: PageMessage, customId: string, componentType: number) {
  const { discord } = usePageContext();
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
