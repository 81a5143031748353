/** The wait of one query for its turn. */
import type { RepliableInteraction } from 'discord.js';
import { LeitmotifError } from '../../errors.ts';
import type { QueryQueue } from '../query-queue.ts';
import type { QueryProgress } from './query-progress.ts';

/** Half of an interaction's life. Whose turn comes later has too little left to be answered. */
const waitMaxMs = 7 * 60_000;

/** Shows its place until then.
 *  @throws {LeitmotifError} 'busy-bot' (fact retryAtMs) when it does not come in time; as QueryQueue.enter */
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
    const message = 'Cannot answer: its turn did not come while its interaction could be answered';
    throw new LeitmotifError('busy-bot', message, { cause, facts: { retryAtMs } });
  }
}

/** What is left of a time that began when an interaction did. */
export function leftMs({ createdTimestamp }: RepliableInteraction, ms: number): number {
  return Math.max(createdTimestamp + ms - Date.now(), 0);
}
