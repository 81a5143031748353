/** Sessions of people who signed in with Discord: in memory, under the hash of the id in their cookie. A restart ends them, and so
 *  no access token is ever on disk. Rights are read again every few minutes, so that a lost role ends a session. */
import { createHash, randomBytes } from 'node:crypto';
import { LeitmotifError } from '../errors.ts';
import type { Attempt, DiscordOAuth } from './discord-oauth.ts';
import { type DiscordRights, type DiscordUser, scopeOf } from './discord-rights.ts';
import type { Scope } from './keys.ts';

export interface SessionOptions {
  /** A session ends after this time, however much it is used. */
  readonly sessionMs: number;
  /** Between two looks at the user's servers and permissions. */
  readonly recheckMs: number;
  /** How long the last look counts while Discord does not answer. */
  readonly staleMs: number;
}

export const usualSessions: SessionOptions = {
  sessionMs: 7 * 24 * 3_600_000,
  recheckMs: 5 * 60_000,
  staleMs: 3_600_000,
};

export interface SignedIn {
  readonly userId: string;
  readonly name: string;
  readonly scope: Scope;
  readonly memberOf: readonly string[];
}

interface Session {
  user: DiscordUser;
  scope: Scope;
  checkedAtMs: number;
  checking: Promise<void> | null;
  readonly accessToken: string;
  readonly endsAtMs: number;
}

interface Pending extends Attempt {
  readonly returnTo: string;
  readonly endsAtMs: number;
}

const attemptMs = 10 * 60_000;
const attemptsMax = 1_000;
const sessionsMax = 10_000;

export class Sessions {
  readonly #oauth: DiscordOAuth;
  readonly #rights: () => Promise<DiscordRights>;
  readonly #options: SessionOptions;
  readonly #attempts = new Map<string, Pending>();
  readonly #sessions = new Map<string, Session>();

  constructor(oauth: DiscordOAuth, rights: () => Promise<DiscordRights>, options: SessionOptions = usualSessions) {
    this.#oauth = oauth;
    this.#rights = rights;
    this.#options = options;
  }

  /** How long the cookie of a session is valid. */
  get sessionMs(): number {
    return this.#options.sessionMs;
  }

  /** @returns where to send the browser, and the id for its cookie that binds the attempt to it */
  async begin(
    redirectUri: string,
    returnTo: string,
  ): Promise<{ readonly address: string; readonly attemptId: string }> {
    const attempt = this.#oauth.newAttempt(redirectUri);
    const attemptId = randomId();
    this.#attempts.set(hashOf(attemptId), { ...attempt, returnTo, endsAtMs: Date.now() + attemptMs });
    forgetOldest(this.#attempts, attemptsMax);
    return { address: await this.#oauth.addressOf(attempt), attemptId };
  }

  /** Ends an attempt, which cannot be used again.
   *  @returns the id of a new session
   *  @throws {LeitmotifError} 'unauthorized' for a missing, forged, used or expired attempt; 'not-allowed' for a user without
   *    rights here; as DiscordOAuth.redeem */
  async complete(
    attemptId: string | undefined,
    answer: URLSearchParams,
  ): Promise<{ readonly sessionId: string; readonly returnTo: string }> {
    const key = hashOf(attemptId ?? '');
    const attempt = this.#attempts.get(key);
    this.#attempts.delete(key);
    if (!attempt || attempt.endsAtMs < Date.now())
      throw new LeitmotifError('unauthorized', 'Cannot sign in: this attempt was used before, or took too long');
    const accessToken = await this.#oauth.redeem(answer, attempt);
    const user = await this.#oauth.userOf(accessToken);
    const scope = scopeOf(user, await this.#rights());
    if (scope === null) {
      await this.#oauth.revoke(accessToken);
      throw new LeitmotifError('not-allowed', 'Cannot let this Discord user in: they are in no home server');
    }
    const sessionId = randomId();
    const nowMs = Date.now();
    const session = { user, scope, accessToken, checking: null };
    this.#sessions.set(hashOf(sessionId), {
      ...session,
      checkedAtMs: nowMs,
      endsAtMs: nowMs + this.#options.sessionMs,
    });
    forgetOldest(this.#sessions, sessionsMax);
    return { sessionId, returnTo: attempt.returnTo };
  }

  /** @returns null for an unknown or ended session, and for a user who has lost their rights
   *  @throws {LeitmotifError} 'discord-unavailable' when Discord has not answered for long */
  async find(sessionId: string): Promise<SignedIn | null> {
    const key = hashOf(sessionId);
    const session = this.#sessions.get(key);
    if (!session) return null;
    if (session.endsAtMs < Date.now()) this.#sessions.delete(key);
    else if (session.checkedAtMs + this.#options.recheckMs < Date.now()) await this.#check(key, session);
    if (!this.#sessions.has(key)) return null;
    const { user, scope } = session;
    return { userId: user.id, name: user.name, scope, memberOf: user.servers.map(({ id }) => id) };
  }

  async end(sessionId: string): Promise<void> {
    const key = hashOf(sessionId);
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    if (session) await this.#oauth.revoke(session.accessToken);
  }

  /** Requests that come at the same time share a look. */
  #check(key: string, session: Session): Promise<void> {
    session.checking ??= this.#checkNow(key, session).finally(() => {
      session.checking = null;
    });
    return session.checking;
  }

  async #checkNow(key: string, session: Session): Promise<void> {
    try {
      const user = await this.#oauth.userOf(session.accessToken);
      const scope = scopeOf(user, await this.#rights());
      if (scope === null) this.#sessions.delete(key);
      else Object.assign(session, { user, scope, checkedAtMs: Date.now() });
    } catch (error) {
      if (error instanceof LeitmotifError && error.code === 'unauthorized') this.#sessions.delete(key);
      else if (session.checkedAtMs + this.#options.staleMs < Date.now()) throw error;
    }
  }
}

/** 256 bits. */
function randomId(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** The first are the oldest. */
function forgetOldest(map: Map<string, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}
