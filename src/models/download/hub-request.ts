/** One GET from the hub. Redirects are followed by hand, so that the token is sent to the hub only.
 *
 *  Uses undici 8, like the worker's client, for its idle timeouts and proxies. Node's built-in undici 7 has an assertion that a
 *  server could trigger to end the process (fetch/guarded-request.ts).
 */
import { EnvHttpProxyAgent } from 'undici';
import { LeitmotifError } from '../../errors.ts';
import { type HubOptions, isSafe } from './hub.ts';
import { badRedirect, downloadBroken, hubUnreachable } from './hub-errors.ts';

export interface HubAnswer {
  /** The address after all redirects. */
  readonly url: URL;
  readonly status: number;
  /** A header of the last answer. */
  header(name: string): string | undefined;
  /** A header from the hub's own answers, the first one that has it. Headers of its storage are not trusted. */
  hubHeader(name: string): string | undefined;
  /** @throws {LeitmotifError} download-failed when the connection breaks or stalls; the signal's reason */
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection. */
  close(): void;
}

export interface HubRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const connectTimeoutMs = 15_000;
/** The hub redirects once to its storage, and once more for a renamed repository. */
const redirectsMax = 5;
const redirectStatuses = [301, 302, 303, 307, 308];

type Answer = Awaited<ReturnType<EnvHttpProxyAgent['request']>>;

export class HubClient implements AsyncDisposable {
  readonly #agent: EnvHttpProxyAgent;
  readonly #token: string | null;

  /** @param silenceMs time without a byte after which the connection counts as broken */
  constructor({ token, proxy }: Pick<HubOptions, 'token' | 'proxy'>, silenceMs: number) {
    this.#token = token;
    this.#agent = new EnvHttpProxyAgent({
      // Set even if empty; otherwise undici reads the environment itself. Plain http is for this machine only, without a proxy.
      httpProxy: '',
      httpsProxy: proxy?.https ?? '',
      noProxy: proxy?.except ?? '',
      connect: { timeout: connectTimeoutMs },
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    });
  }

  /** @returns the answer with any status, as soon as its head has arrived
   *  @throws {LeitmotifError} download-failed, download-refused for a redirect that is not followed; the signal's reason */
  async get(url: URL, request: HubRequest): Promise<HubAnswer> {
    const hub: Record<string, string> = {};
    let isHubOrigin = true;
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#ask(at, request, isHubOrigin);
      if (isHubOrigin) for (const [name, value] of Object.entries(answer.headers)) hub[name] ??= String(value);
      const { location } = answer.headers;
      if (!redirectStatuses.includes(answer.statusCode) || typeof location !== 'string') {
        return hubAnswer(at, answer, hub, request.signal);
      }
      cut(answer);
      if (redirects === redirectsMax) throw badRedirect(url, `got more than ${redirectsMax} redirects`);
      const to = URL.parse(location, at.href);
      if (!to || !isSafe(to) || (at.protocol === 'https:' && to.protocol !== 'https:')) {
        throw badRedirect(url, `${at.host} sends us to "${to?.origin ?? location}", which is not https`);
      }
      // After a redirect to another origin the token is not sent again, also not to the hub: that origin chose the address.
      isHubOrigin &&= to.origin === url.origin;
      at = to;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(url: URL, { headers, signal }: HubRequest, withToken: boolean): Promise<Answer> {
    signal.throwIfAborted();
    const token = withToken && this.#token !== null ? { authorization: `Bearer ${this.#token}` } : {};
    try {
      const answer = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        // A compressed answer has other lengths and ranges than the file.
        headers: { 'user-agent': 'Leitmotif', 'accept-encoding': 'identity', ...headers, ...token },
        signal,
      });
      // Errors of a body that is no longer read are ignored.
      answer.body.on('error', () => {});
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw asDownloadError(url, error);
    }
  }
}

function cut(answer: Answer): void {
  answer.body.destroy();
}

function hubAnswer(url: URL, answer: Answer, hub: Record<string, string>, signal: AbortSignal): HubAnswer {
  return {
    url,
    status: answer.statusCode,
    header: (name) => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    hubHeader: (name) => hub[name],
    body: blocksOf(url, answer, signal),
    close: () => cut(answer),
  };
}

async function* blocksOf(url: URL, answer: Answer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body as AsyncIterable<Uint8Array>;
  } catch (error) {
    signal.throwIfAborted();
    throw asDownloadError(url, error);
  }
}

/** Error codes for an established connection that broke. HPE_* are answers that are not HTTP. */
const broken = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_ABORTED'];

function asDownloadError(url: URL, error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isSilence = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  if (isSilence) return downloadBroken(url, `nothing came from ${url.host} for too long`, error);
  if (broken.includes(String(code)) || String(code).startsWith('HPE_')) {
    return downloadBroken(url, `the connection to ${url.host} broke (${String(message)})`, error);
  }
  return hubUnreachable(url, error);
}
