/** Queries that a crash interrupted: at the next start the bot notifies their users and removes the "thinking" replies. */
import { type APIMessage, type Client, ComponentType, MessageFlags, Routes } from 'discord.js';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { BotContext } from './bot-context.ts';
import { readCustomId } from './custom-id.ts';
import { interruptedReply } from './replies/stale.ts';
import { toOptions } from './send.ts';

/** An interaction's token expires after 15 minutes; after that nobody can be notified. */
const tokenMs = 15 * 60_000;

/** @returns how many users were notified */
export async function reportInterruptedQueries(
  { catalog, client, log, texts }: BotContext,
  shard: number,
): Promise<number> {
  let notified = 0;
  const interrupted = catalog.pendingQueries.of(shard, client.shard?.count ?? 1);
  for (const { interactionId, applicationId, token, locale, startedAtMs } of interrupted) {
    if (Date.now() - startedAtMs < tokenMs) {
      // The crash came after the answer.
      if (await isAnswered(client, applicationId, token)) {
        await retryBusy(() => catalog.pendingQueries.end(interactionId));
        continue;
      }
      const reply = toOptions(interruptedReply(texts(locale)));
      try {
        // As with every failure: the public reply is deleted and the user gets a private message, also when it was already gone.
        await client.rest
          .delete(Routes.webhookMessage(applicationId, token, '@original'), { auth: false })
          .catch((err: unknown) =>
            log.info({ query: interactionId, err }, 'the reply of an interrupted query was already gone'),
          );
        const body = { content: reply.content, embeds: reply.embeds, flags: MessageFlags.Ephemeral };
        await client.rest.post(Routes.webhook(applicationId, token), { body, auth: false });
        notified++;
      } catch (error) {
        log.warn({ query: interactionId, err: error }, 'the user of an interrupted query could not be notified');
      }
    }
    await retryBusy(() => catalog.pendingQueries.end(interactionId));
  }
  return notified;
}

/** Progress has at most the button that cancels the query; an answer has other components. */
async function isAnswered({ rest }: Client, applicationId: string, token: string): Promise<boolean> {
  try {
    const original = await rest.get(Routes.webhookMessage(applicationId, token, '@original'), { auth: false });
    const rows = (original as APIMessage).components ?? [];
    return rows
      .filter((row) => row.type === ComponentType.ActionRow)
      .some(({ components }) => components.some((part) => 'custom_id' in part && !isCancel(part.custom_id)));
  } catch {
    // The reply is deleted, or Discord does not respond. The user gets the notice.
    return false;
  }
}

function isCancel(customId: string): boolean {
  const read = readCustomId(customId);
  return read !== null && read !== 'other-version' && read.action === 'cancel';
}
