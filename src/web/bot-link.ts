/** The web server's end of the link to a bot over the same INDEX_DIR (answering/bot-link.ts). Without a bot it works alone. */
import { Agent } from 'undici';
import {
  type BotStatus,
  botSocketOf,
  botStatusSchema,
  fromLinkError,
  linkErrorSchema,
  type Shared,
  type ShareOrder,
  sharedSchema,
} from '../answering/bot-link.ts';
import type { LeitmotifError } from '../errors.ts';
import { HttpRefusal } from './problems.ts';

const connectTimeoutMs = 2_000;
const answerTimeoutMs = 10_000;
/** Clips are cut and sent to Discord meanwhile. */
const shareTimeoutMs = 120_000;
const origin = 'http://bot';
const statusKnownMs = 5_000;

/** The turn, if one was given, lasts until this is disposed. */
export interface TurnStream extends AsyncDisposable {
  /** The next line; null when the bot has ended. */
  next(): Promise<unknown>;
}

/** Codes of a socket at which nobody listens, or of a bot that was just stopped. */
const absentCodes = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED']);

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && absentCodes.has(String(error.code));
}

export class BotLink {
  readonly #agent: Agent | null;
  #status: { readonly atMs: number; readonly found: Promise<BotStatus | null> } | null = null;

  constructor(indexDir: string) {
    const socketPath = botSocketOf(indexDir);
    this.#agent = socketPath === null ? null : new Agent({ connect: { socketPath, timeout: connectTimeoutMs } });
  }

  /** @returns null when no bot runs */
  status(): Promise<BotStatus | null> {
    if (this.#status && performance.now() - this.#status.atMs < statusKnownMs) return this.#status.found;
    const found = this.#call('GET', '/status', undefined, answerTimeoutMs).then(
      (answer) => botStatusSchema.parse(answer),
      () => {
        // The next caller looks again: a bot may start at any moment, and an absent one costs nothing to look for.
        if (this.#status?.found === found) this.#status = null;
        return null;
      },
    );
    this.#status = { atMs: performance.now(), found };
    return found;
  }

  /** @throws {LeitmotifError} as QueryQueue.assertWelcome
   *  @throws an error for which `isAbsent` when no bot runs */
  async assertWelcome(requester: { readonly personId: string; readonly serverId: null }): Promise<void> {
    await this.#call('POST', '/welcome', requester, answerTimeoutMs);
  }

  /** @throws {LeitmotifError} 'discord-unavailable' when no bot runs; as shareOnce */
  async share(order: ShareOrder): Promise<Shared> {
    try {
      return sharedSchema.parse(await this.#call('POST', '/shares', order, shareTimeoutMs));
    } catch (error) {
      throw isAbsent(error) ? withoutBot() : error;
    }
  }

  /** @throws an error for which `isAbsent` when no bot runs */
  async turns(
    requester: { readonly personId: string; readonly serverId: null },
    signal: AbortSignal,
  ): Promise<TurnStream> {
    const letGo = new AbortController();
    const { body } = await this.#agentOrAbsent().request({
      ...{ origin, path: '/turns', method: 'POST', headersTimeout: answerTimeoutMs, bodyTimeout: 0 },
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requester),
      signal: AbortSignal.any([signal, letGo.signal]),
    });
    body.on('error', () => {});
    // Not a loop over the lines: leaving it would close the connection, and so the turn.
    const lines = linesOf(body);
    return {
      next: async () => {
        const line = await lines.next();
        return line.done ? null : line.value;
      },
      [Symbol.asyncDispose]: async () => {
        letGo.abort();
        body.destroy();
      },
    };
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  async #call(method: 'GET' | 'POST', path: string, order: unknown, timeoutMs: number): Promise<unknown> {
    const { statusCode, body } = await this.#agentOrAbsent().request({
      ...{ origin, path, method, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
      ...(order === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) }),
    });
    const answer: unknown = await body.json();
    if (statusCode === 200) return answer;
    throw fromLinkError(linkErrorSchema.parse(answer));
  }

  #agentOrAbsent(): Agent {
    if (this.#agent) return this.#agent;
    throw Object.assign(new Error('There is no socket'), { code: 'ENOENT' });
  }
}

function withoutBot(): LeitmotifError {
  const headers = { 'retry-after': '60' };
  const message =
    'Cannot share: no bot runs over this index. Start it with npm start; it needs DISCORD_TOKEN and the same INDEX_DIR';
  return new HttpRefusal(503, 'discord-unavailable', message, { headers, facts: { problem: 'no-bot' } });
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let pending = '';
  for await (const block of body) {
    pending += block.toString('utf8');
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}
