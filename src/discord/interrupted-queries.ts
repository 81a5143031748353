/** Queries that a crash cut off: whoever asked is told at the next start, and nothing is left "thinking". */
import { MessageFlags, Routes } from 'discord.js';
import type { BotContext } from './bot-context.ts';
import { interruptedReply } from './replies/stale.ts';
import { retryBusy } from './retry-busy.ts';
import { toOptions } from './send.ts';

/** A token is worth nothing after 15 minutes; then there is nobody to tell. */
const tokenMs = 15 * 60_000;

/** @returns how many were told */
export async function reportInterruptedQueries(
  { catalog, client, log, texts }: BotContext,
  shard: number,
): Promise<number> {
  let told = 0;
  for (const { interactionId, applicationId, token, locale, startedAtMs } of catalog.pendingQueries.of(shard)) {
    if (Date.now() - startedAtMs < tokenMs) {
      const reply = toOptions(interruptedReply(texts(locale)));
      try {
        // As with every failure: the public "thinking" goes, and the person is told privately, also when it is gone.
        await client.rest
          .delete(Routes.webhookMessage(applicationId, token, '@original'), { auth: false })
          .catch((err: unknown) => log.info({ query: interactionId, err }, 'the reply of a query was gone already'));
        const body = { content: reply.content, embeds: reply.embeds, flags: MessageFlags.Ephemeral };
        await client.rest.post(Routes.webhook(applicationId, token), { body, auth: false });
        told++;
      } catch (error) {
        log.warn({ query: interactionId, err: error }, 'the asker of a query that was cut off could not be told');
      }
    }
    await retryBusy(() => catalog.pendingQueries.end(interactionId));
  }
  return told;
}
