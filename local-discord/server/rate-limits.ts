/** Rate limits: a bucket per route and major parameter, and a global one, with Discord's headers.
 *  @see https://discord.com/developers/docs/topics/rate-limits */
import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';

export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface RateLimitOptions {
  /** For all calls with the bot's token: 50 a second, as documented. Answers to interactions do not count. */
  readonly global: RateLimit;
  /** `METHOD /route` as the server declares it -> its bucket. Other routes use `others`. */
  readonly routes: Readonly<Record<string, RateLimit>>;
  readonly others: RateLimit;
}

/** Discord does not document limits of single routes and may change them. These are the values that its headers have had for
 *  years. Clients must follow the headers. */
export const usualRateLimits: RateLimitOptions = {
  global: { limit: 50, windowMs: 1000 },
  routes: {
    'POST /channels/:channel/messages': { limit: 5, windowMs: 5000 },
    'PATCH /channels/:channel/messages/:message': { limit: 5, windowMs: 5000 },
    'DELETE /channels/:channel/messages/:message': { limit: 5, windowMs: 1000 },
    'GET /channels/:channel/messages': { limit: 5, windowMs: 5000 },
    'POST /channels/:channel/typing': { limit: 5, windowMs: 5000 },
    'POST /webhooks/:application/:token': { limit: 5, windowMs: 2000 },
    'PATCH /webhooks/:application/:token/messages/:message': { limit: 5, windowMs: 2000 },
    'DELETE /webhooks/:application/:token/messages/:message': { limit: 5, windowMs: 2000 },
    'GET /webhooks/:application/:token/messages/:message': { limit: 5, windowMs: 2000 },
    'PUT /applications/:application/commands': { limit: 5, windowMs: 20_000 },
    'POST /applications/:application/commands': { limit: 5, windowMs: 20_000 },
  },
  others: { limit: 10, windowMs: 1000 },
};

export interface RatedCall {
  readonly method: string;
  /** The declared route: /channels/:channel/messages. */
  readonly route: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface RateDecision {
  /** null when the call is allowed. */
  readonly refused: { readonly retryAfterSec: number; readonly isGlobal: boolean } | null;
  readonly headers: Readonly<Record<string, string>>;
}

interface Window {
  readonly endsAtMs: number;
  used: number;
}

/** Expired windows are deleted above this number. */
const windowsMax = 10_000;

export class RateLimits {
  readonly #clock: Clock;
  readonly #options: RateLimitOptions | null;
  readonly #windows = new Map<string, Window>();

  /** @param options null for no limits */
  constructor(clock: Clock, options: RateLimitOptions | null) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Counts a call, unless it is refused. */
  take({ method, route, params }: RatedCall): RateDecision {
    const isOurs = this.#options !== null;
    const options = this.#options ?? usualRateLimits;
    const name = `${method} ${route}`;
    const limits = options.routes[name] ?? options.others;
    const own = this.#window(`${name} ${majorOf(params)}`, limits);
    // Answers to interactions carry no bot token.
    const isGlobal = !/^\/(interactions|webhooks)\//.test(route);
    const all = this.#window('*', options.global);
    if (isOurs && isGlobal && all.used >= options.global.limit) {
      const retryAfterSec = this.#secondsTo(all);
      return { refused: { retryAfterSec, isGlobal: true }, headers: this.#headers(name, limits, own) };
    }
    if (isOurs && own.used >= limits.limit) {
      return {
        refused: { retryAfterSec: this.#secondsTo(own), isGlobal: false },
        headers: this.#headers(name, limits, own),
      };
    }
    if (isOurs) own.used += 1;
    if (isOurs && isGlobal) all.used += 1;
    return { refused: null, headers: this.#headers(name, limits, own) };
  }

  #window(key: string, { windowMs }: RateLimit): Window {
    const nowMs = this.#clock.nowMs();
    const known = this.#windows.get(key);
    if (known && known.endsAtMs > nowMs) return known;
    if (this.#windows.size >= windowsMax) {
      for (const [each, { endsAtMs }] of this.#windows) if (endsAtMs <= nowMs) this.#windows.delete(each);
    }
    const window = { endsAtMs: nowMs + windowMs, used: 0 };
    this.#windows.set(key, window);
    return window;
  }

  #headers(name: string, { limit }: RateLimit, window: Window): Record<string, string> {
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
      'x-ratelimit-reset': (window.endsAtMs / 1000).toFixed(3),
      'x-ratelimit-reset-after': this.#secondsTo(window).toFixed(3),
      'x-ratelimit-bucket': createHash('sha256').update(name).digest('hex').slice(0, 32),
    };
  }

  #secondsTo({ endsAtMs }: Window): number {
    return Math.max(0.001, Math.ceil(endsAtMs - this.#clock.nowMs()) / 1000);
  }
}

/** Channels, servers and webhooks (with token) have separate buckets. */
function majorOf({ channel, guild, application, token, id }: RatedCall['params']): string {
  if (token !== undefined) return `${application ?? id}/${token}`;
  return channel ?? guild ?? '';
}
