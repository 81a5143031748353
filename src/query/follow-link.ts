/** From a link to the answer it leads to: redirects followed by hand, each guarded like the first. */

import type { LeitmotifError } from '../errors.ts';
import { AddressRefusedError, createGuardedAgent, type GuardedAgent, type Network } from './guarded-agent.ts';
import { readLink } from './link.ts';
import { linkRefused, linkTooSlow, linkUnreachable } from './link-errors.ts';

export interface LinkAnswer {
  /** Where it came from in the end. */
  readonly url: URL;
  readonly status: number;
  header(name: string): string | undefined;
  /** @throws {LeitmotifError} link-unreachable when it breaks */
  readonly body: AsyncIterable<Buffer>;
  /** Cuts the connection. */
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
/** Until the answer's head is there; a server may have to wake up first. */
const headTimeoutMs = 20_000;
/** `identity`: a compressed answer could unpack to any size. Nothing of ours goes along, no cookie and no token. */
const headers = { 'user-agent': 'Leitmotif', accept: 'audio/*, */*;q=0.5', 'accept-encoding': 'identity' };

/** @throws {LeitmotifError} link-refused, link-unreachable, link-too-slow; the signal's reason */
export async function followLink(link: string, options: FollowOptions): Promise<LinkAnswer> {
  const isTrusted = options.trustedOrigins.includes(URL.parse(link)?.origin ?? '');
  const first = readLink(link, { anyPort: isTrusted });
  let answer = await ask(first, isTrusted ? null : options.network, options.signal);
  for (let redirects = 1; redirectStatuses.includes(answer.status); redirects++) {
    const target = answer.header('location');
    if (target === undefined) break;
    answer.close();
    if (redirects > redirectsMax)
      throw linkRefused(answer.url, 'redirects', `more than ${redirectsMax} redirects`, { redirectsMax });
    answer = await ask(readLink(target, { base: answer.url }), options.network, options.signal);
  }
  return answer;
}

async function ask(url: URL, network: Network | null, signal: AbortSignal): Promise<LinkAnswer> {
  const agent = createGuardedAgent(network);
  // What is still being connected ends with the connector's time limit.
  const close = () => void agent.destroy().catch(() => {});
  try {
    const { statusCode, headers: received, body } = await request(agent, url, signal);
    // A body that nobody reads any more breaks without a listener when it is closed.
    body.on('error', () => {});
    return {
      url,
      status: statusCode,
      header: (name) => [received[name]].flat()[0],
      body: blocksOf(url, body, signal),
      close,
    };
  } catch (error) {
    close();
    signal.throwIfAborted();
    throw asLinkError(url, error);
  }
}

function request(agent: GuardedAgent, url: URL, signal: AbortSignal) {
  const path = url.pathname + url.search;
  return agent.request({
    origin: url.origin,
    path,
    method: 'GET',
    headers,
    signal,
    headersTimeout: headTimeoutMs,
    // Who reads the body has a limit of its own.
    bodyTimeout: 0,
  });
}

async function* blocksOf(url: URL, body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw asLinkError(url, error);
  }
}

function asLinkError(url: URL, error: unknown): LeitmotifError {
  if (error instanceof AddressRefusedError) return linkRefused(url, 'address', 'its address is not a public one');
  const { code } = error as { code?: unknown };
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return linkTooSlow(url, headTimeoutMs, error);
  return linkUnreachable(url, typeof code === 'string' ? code : 'the connection failed', { cause: error });
}
