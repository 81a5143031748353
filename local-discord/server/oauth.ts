/** The codes and tokens of users who signed in: OAuth2's authorization code flow with PKCE. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

interface Grant {
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  /** null without PKCE, which Discord does not require. */
  readonly challenge: string | null;
  readonly endsAtMs: number;
}

interface Token {
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly endsAtMs: number;
}

const codeLifeMs = 60_000;
export const tokenLifeMs = 7 * 24 * 3_600_000;

export class OAuth {
  readonly #clock: Clock;
  readonly #codes = new Map<string, Grant>();
  readonly #tokens = new Map<string, Token>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a code that can be redeemed once, within a minute */
  grant(grant: Omit<Grant, 'endsAtMs'>): string {
    const code = randomBytes(15).toString('base64url');
    this.#codes.set(code, { ...grant, endsAtMs: this.#clock.nowMs() + codeLifeMs });
    return code;
  }

  /** @returns null for a code that is unknown, was redeemed, has expired, or belongs to another request */
  redeem(
    code: string,
    { redirectUri, verifier }: { readonly redirectUri: string; readonly verifier: string | null },
  ): { readonly accessToken: string; readonly scopes: readonly string[] } | null {
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    if (!grant || grant.endsAtMs < this.#clock.nowMs() || grant.redirectUri !== redirectUri) return null;
    const challenge = verifier === null ? null : createHash('sha256').update(verifier).digest('base64url');
    if (grant.challenge !== challenge) return null;
    const accessToken = randomBytes(20).toString('base64url');
    const { userId, scopes } = grant;
    this.#tokens.set(accessToken, { userId, scopes, endsAtMs: this.#clock.nowMs() + tokenLifeMs });
    return { accessToken, scopes };
  }

  /** @returns null for a token that is unknown or has expired */
  tokenOf(authorization: string | undefined): Token | null {
    const token = this.#tokens.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '');
    return token && token.endsAtMs > this.#clock.nowMs() ? token : null;
  }

  /** As when a user removes the application under Authorized Apps. */
  revokeOf(userId: string): void {
    for (const [token, { userId: own }] of this.#tokens) if (own === userId) this.#tokens.delete(token);
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }
}
