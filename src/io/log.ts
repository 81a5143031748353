/** The log: JSON lines on stderr, without what must not stand in it. Discord's errors carry the address and the body of
 *  the request that failed: the one holds an interaction's token, the other what somebody sent. */
import { DiscordAPIError, HTTPError } from 'discord.js';
import { type DestinationStream, type Logger, pino } from 'pino';

/** @param destination stderr unless given */
export function makeLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

const causesMax = 5;

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error) || depth >= causesMax) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const fromDiscord = error instanceof DiscordAPIError || error instanceof HTTPError;
  const request = fromDiscord ? { status: error.status, method: error.method, route: routeOf(error.url) } : {};
  const because = cause === undefined ? {} : { cause: describeError(cause, depth + 1) };
  return { name, message, ...code, ...request, stack, ...because };
}

/** The path without tokens: those of interactions and webhooks are the one long part that is no number. */
function routeOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  return path.replace(/\/(webhooks|interactions)\/(\d+)\/[^/]+/, '/$1/$2/:token');
}
