/** Follows a link to its answer. Redirects are followed by hand, each checked like the first link. */
import type { IncomingMessage } from 'node:http';
import type { LeitmotifError } from '../errors.ts';
import {
  AddressRefusedError,
  type Network,
  requestGuarded,
  TooManyHeadsError,
  unguardedNetwork,
} from './guarded-request.ts';
import { readLink } from './link.ts';
import { blocksOfBody, SmallChunksError } from './link-body.ts';
import { linkRefused, linkTooSlow, linkUnreachable } from './link-errors.ts';

export interface LinkAnswer {
  /** The address after all redirects. */
  readonly url: URL;
  readonly status: number;
  header(name: 'content-disposition' | 'content-encoding' | 'content-length' | 'content-type'): string | undefined;
  /** @throws {LeitmotifError} link-unreachable when the connection breaks; the signal's reason */
  readonly body: AsyncIterable<Buffer>;
  /** Closes the connection. */
  close(): void;
}

export interface FollowOptions {
  readonly network: Network;
  /** Origins excused from the guard, never through a redirect. */
  readonly trustedOrigins: readonly string[];
  readonly signal: AbortSignal;
}

const redirectsMax = 3;
const redirectStatuses = [301, 302, 303, 307, 308];
/** Limit until the answer's head arrives; a server may have to start first. */
const headTimeoutMs = 20_000;

/** @throws {LeitmotifError} link-refused, link-unreachable, link-too-slow; the signal's reason */
export async function followLink(link: string, options: FollowOptions): Promise<LinkAnswer> {
  const isTrusted = options.trustedOrigins.includes(URL.parse(link)?.origin ?? '');
  let url = readLink(link, { anyPort: isTrusted });
  let answer = await ask(url, isTrusted ? unguardedNetwork : options.network, options.signal);
  for (let redirects = 1; ; redirects++) {
    const { statusCode = 0, headers } = answer;
    if (!redirectStatuses.includes(statusCode) || headers.location === undefined)
      return linkAnswer(url, answer, options);
    answer.destroy();
    if (redirects > redirectsMax) {
      throw linkRefused(url, 'redirects', `more than ${redirectsMax} redirects`, { redirectsMax });
    }
    url = readLink(headers.location, { base: url });
    answer = await ask(url, options.network, options.signal);
  }
}

function linkAnswer(url: URL, answer: IncomingMessage, { signal }: FollowOptions): LinkAnswer {
  return {
    url,
    status: answer.statusCode ?? 0,
    header: (name) => answer.headers[name],
    body: blocksOf(url, answer, signal),
    close: () => answer.destroy(),
  };
}

async function ask(url: URL, network: Network, signal: AbortSignal): Promise<IncomingMessage> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(linkTooSlow(url, headTimeoutMs)), headTimeoutMs);
  try {
    const answer = await requestGuarded(url, network, AbortSignal.any([signal, late.signal]));
    // Errors of a body that is no longer read are ignored.
    answer.on('error', () => {});
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    late.signal.throwIfAborted();
    throw asLinkError(url, error);
  } finally {
    clearTimeout(timer);
  }
}

async function* blocksOf(url: URL, body: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* blocksOfBody(body);
  } catch (error) {
    signal.throwIfAborted();
    throw asLinkError(url, error);
  }
}

function asLinkError(url: URL, cause: unknown): LeitmotifError {
  if (cause instanceof AddressRefusedError) return linkRefused(url, 'address', 'its address is not a public one');
  if (cause instanceof SmallChunksError) return linkUnreachable(url, 'it comes in pieces of a few bytes', { cause });
  if (cause instanceof TooManyHeadsError) return linkUnreachable(url, 'it answers without end', { cause });
  const { code } = cause as { code?: unknown };
  return linkUnreachable(url, typeof code === 'string' ? code : 'the connection failed', { cause });
}
