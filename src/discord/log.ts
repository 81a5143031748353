/** The log of the bot. Errors of discord.js contain the address and body of the failed request, and with them interaction
 *  tokens and messages of users. The log omits both. */
import { DiscordAPIError, HTTPError } from 'discord.js';
import type { DestinationStream, Logger } from 'pino';
import { makeLog } from '../io/log.ts';

/** @param destination default: stderr */
export function makeBotLog(level: string, destination?: DestinationStream): Logger {
  return makeLog(level, { destination, errorSerializer: (error: unknown) => describeError(error) });
}

const causesMax = 5;

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error) || depth >= causesMax) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const fromDiscord = error instanceof DiscordAPIError || error instanceof HTTPError;
  const request = fromDiscord ? { status: error.status, method: error.method, route: routeOf(error.url) } : {};
  const nested = cause === undefined ? {} : { cause: describeError(cause, depth + 1) };
  return { name, message, ...code, ...request, stack, ...nested };
}

/** The path without tokens. In paths of interactions and webhooks, the token follows the id. */
function routeOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  return path.replace(/\/(webhooks|interactions)\/(\d+)\/[^/]+/, '/$1/$2/:token');
}
