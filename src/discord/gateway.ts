/** The connection to Discord: made, watched, and given up when there is no going on. */
import { Events, GatewayCloseCodes, RESTEvents } from 'discord.js';
import { LeitmotifError } from '../errors.ts';
import type { BotContext } from './bot-context.ts';
import type { BotMetrics } from './metrics.ts';

/** Resolves when the servers are known.
 *  @throws {LeitmotifError} 'unauthorized' when Discord refuses the token; 'discord-unavailable' when it is not there;
 *    the signal's reason */
export async function logIn({ client, config }: BotContext, token: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // Not events.once: an error that discord.js gets over by itself would end the start.
  const ready = new Promise<void>((resolve, reject) => {
    client.once(Events.ClientReady, () => resolve());
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // It is waited for below; until then its failure is nobody's.
  ready.catch(() => {});
  try {
    // `ready` rejects at once when the signal aborts; a login that hangs does not.
    await Promise.race([client.login(token), ready]);
    await ready;
  } catch (cause) {
    signal.throwIfAborted();
    const where = config.discord.apiUrl ?? 'Discord';
    const message = cause instanceof Error ? cause.message : String(cause);
    const refused = cause instanceof Error && ('code' in cause ? cause.code === 'TokenInvalid' : false);
    throw refused || /401|Unauthorized|token/i.test(message)
      ? new LeitmotifError('unauthorized', `Cannot start: ${where} refuses DISCORD_TOKEN`, { cause })
      : new LeitmotifError('discord-unavailable', `Cannot start: ${where} did not let the bot in (${message})`, {
          cause,
        });
  }
}

/** Counts and logs what the library tells, and notices when there is no going on. */
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
    log.info({ route, retryAfterMs: retryAfter }, 'Discord asks to wait');
  });
  client.rest.on(RESTEvents.InvalidRequestWarning, ({ count, remainingTime }) => {
    metrics.invalidRequests(count);
    log.warn({ count, remainingMs: remainingTime }, 'Discord counts refused requests');
  });
  client.rest.on(RESTEvents.Response, ({ data }, { status }) => {
    // After one refused token discord.js forgets it, and every later call fails: there is nothing to wait for.
    if (status === 401 && data.auth !== false)
      reject(new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN'));
  });
  return promise;
}

/** What discord.js does not come back from by itself: without this nothing would be left to wait for.
 *  @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closedForGood(code: number): LeitmotifError {
  if (code === GatewayCloseCodes.AuthenticationFailed)
    return new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN');
  return code === GatewayCloseCodes.ShardingRequired
    ? new LeitmotifError('config-invalid', 'Discord wants a bot in so many servers sharded: set DISCORD_SHARDS=auto')
    : new LeitmotifError('discord-unavailable', `Discord closed the connection for good, with code ${code}`);
}
