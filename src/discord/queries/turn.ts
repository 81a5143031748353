/** Waits for one query's turn. */
import type { RepliableInteraction } from 'discord.js';
import type { QueryQueue } from '../../answering/query-queue.ts';
import { LeitmotifError } from '../../errors.ts';
import type { QueryProgress } from './query-progress.ts';

/** Half of an interaction's life. A later turn leaves too little time for the answer. */
const waitMaxMs = 7 * 60_000;

/** Shows the query's place until its turn.
 *  @throws {LeitmotifError} 'busy-bot' (fact retryAtMs) when the turn does not come in time; as QueryQueue.enter */
export async function turnOf(
  interaction: RepliableInteraction,
  queue: QueryQueue,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: QueryProgress },
): Promise<Disposable> {
  const person = { personId: interaction.user.id, serverId: interaction.guildId };
  const late = AbortSignal.timeout(leftMs(interaction, waitMaxMs));
  let lastPlace = 1;
  try {
    return await queue.enter(person, {
      signal: AbortSignal.any([signal, late]),
      onPlace: (place) => {
        lastPlace = place;
        progress.show({ stage: 'waiting', place });
      },
    });
  } catch (cause) {
    if (cause !== late.reason) throw cause;
    const retryAtMs = Math.round(Date.now() + queue.untilTurnMs(lastPlace));
    const message = 'Cannot answer: the turn did not come before the interaction expired';
    throw new LeitmotifError('busy-bot', message, { cause, facts: { retryAtMs } });
  }
}

/** Milliseconds left of a period that began with the interaction. */
export function leftMs({ createdTimestamp }: RepliableInteraction, ms: number): number {
  return Math.max(createdTimestamp + ms - Date.now(), 0);
}
