/** Logs in to Discord, watches the connection, and reports when it ended for good. */
import { Events, GatewayCloseCodes, RESTEvents } from 'discord.js';
import { LeitmotifError } from '../errors.ts';
import type { BotContext } from './bot-context.ts';
import type { BotMetrics } from './metrics.ts';

/** Resolves when the servers are known.
 *  @throws {LeitmotifError} 'unauthorized' when Discord refuses the token; 'discord-unavailable' when it does not answer;
 *    the signal's reason */
export async function logIn({ client, config }: BotContext, token: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // Not events.once: it would fail the start on an error that discord.js recovers from.
  const ready = new Promise<void>((resolve, reject) => {
    client.once(Events.ClientReady, () => resolve());
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // Awaited below; this avoids an unhandled rejection until then.
  ready.catch(() => {});
  try {
    // `ready` rejects at once when the signal aborts; a hanging login does not.
    await Promise.race([client.login(token), ready]);
    await ready;
  } catch (cause) {
    signal.throwIfAborted();
    const where = config.discord.apiUrl ?? 'Discord';
    const message = cause instanceof Error ? cause.message : String(cause);
    const refused = cause instanceof Error && ('code' in cause ? cause.code === 'TokenInvalid' : false);
    throw refused || /401|Unauthorized|token/i.test(message)
      ? new LeitmotifError('unauthorized', `Cannot start: ${where} refuses DISCORD_TOKEN`, { cause })
      : new LeitmotifError('discord-unavailable', `Cannot start: ${where} did not accept the login (${message})`, {
          cause,
        });
  }
}

/** Counts and logs the client's events. @returns a promise that rejects when the connection ended for good */
export function watchClient({ client, log }: BotContext, metrics: BotMetrics): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  client.on(Events.Error, (err) => log.error({ err }, 'discord.js failed'));
  client.on(Events.Warn, (message) => log.warn({ message }, 'discord.js warns'));
  client.on(Events.ShardReconnecting, () => metrics.reconnected());
  client.on(Events.Invalidated, () => reject(new LeitmotifError('unauthorized', 'Discord ended the session for good')));
  client.on(Events.ShardDisconnect, ({ code }) => reject(closedForGood(code)));
  client.rest.on(RESTEvents.RateLimited, ({ route, retryAfter }) => {
    metrics.rateLimited();
    log.info({ route, retryAfterMs: retryAfter }, 'Discord rate-limits a request');
  });
  client.rest.on(RESTEvents.InvalidRequestWarning, ({ count, remainingTime }) => {
    metrics.invalidRequests(count);
    log.warn({ count, remainingMs: remainingTime }, 'Discord counts refused requests');
  });
  client.rest.on(RESTEvents.Response, ({ data }, { status }) => {
    // After one refused token discord.js drops it, so every later call fails.
    if (status === 401 && data.auth !== false)
      reject(new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN'));
  });
  return promise;
}

/** Close codes after which discord.js does not reconnect.
 *  @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closedForGood(code: number): LeitmotifError {
  if (code === GatewayCloseCodes.AuthenticationFailed)
    return new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN');
  return code === GatewayCloseCodes.ShardingRequired
    ? new LeitmotifError(
        'config-invalid',
        'Discord requires sharding for a bot in so many servers: set DISCORD_SHARDS=auto',
      )
    : new LeitmotifError('discord-unavailable', `Discord closed the connection for good, with code ${code}`);
}
