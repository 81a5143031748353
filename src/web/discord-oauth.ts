/** Discord as the provider of identities: OAuth2's authorization code flow with PKCE.
 *  @see https://docs.discord.com/developers/topics/oauth2 */
import { setTimeout as delay } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import type { SignInConfig } from '../config/sign-in.ts';
import { LeitmotifError } from '../errors.ts';
import type { DiscordUser } from './discord-rights.ts';

const discordApi = 'https://discord.com/api';
/** Who somebody is, and their servers with their permissions there. Nothing else is asked for. */
const scope = 'identify guilds';
const answerTimeoutMs = 10_000;
/** Discord limits how often each address is asked, and says how long to wait. */
const triesMax = 4;

const userSchema = z.object({
  id: z.string().regex(/^\d{1,20}$/),
  username: z.string(),
  global_name: z.string().nullish(),
});
const guildsSchema = z.array(z.object({ id: z.string(), owner: z.boolean(), permissions: z.string() }));

/** One attempt to sign in. */
export interface Attempt {
  readonly state: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

export class DiscordOAuth {
  readonly #config: SignInConfig;
  readonly #apiUrl: string;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;

  /** @param apiUrl as DISCORD_API_URL; unset: Discord's */
  constructor(config: SignInConfig, apiUrl: string | undefined) {
    this.#config = config;
    this.#apiUrl = `${apiUrl ?? discordApi}/v10`;
    const { origin } = new URL(this.#apiUrl);
    this.#server = {
      issuer: origin,
      authorization_endpoint: `${origin}/oauth2/authorize`,
      token_endpoint: `${this.#apiUrl}/oauth2/token`,
      revocation_endpoint: `${this.#apiUrl}/oauth2/token/revoke`,
    };
    this.#client = { client_id: config.clientId };
  }

  newAttempt(redirectUri: string): Attempt {
    return { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier(), redirectUri };
  }

  async addressOf({ state, verifier, redirectUri }: Attempt): Promise<string> {
    const address = new URL(this.#server.authorization_endpoint ?? '');
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    for (const [name, value] of Object.entries({
      client_id: this.#config.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      // People who signed in before are not asked again.
      prompt: 'none',
    }))
      address.searchParams.set(name, value);
    return address.href;
  }

  /** @param answer the parameters of the address that Discord led back to
   *  @returns an access token
   *  @throws {LeitmotifError} 'cancelled' when the user declined; 'unauthorized' for another state, or a code that Discord
   *    refuses; 'discord-unavailable' */
  async redeem(answer: URLSearchParams, { state, verifier, redirectUri }: Attempt): Promise<string> {
    try {
      const parameters = oauth.validateAuthResponse(this.#server, this.#client, answer, state);
      const response = await oauth.authorizationCodeGrantRequest(
        this.#server,
        this.#client,
        oauth.ClientSecretBasic(this.#config.clientSecret),
        parameters,
        redirectUri,
        verifier,
        this.#options(),
      );
      if (response.status >= 500 || response.status === 429) throw unavailable(null);
      const granted = await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response);
      return granted.access_token;
    } catch (error) {
      throw asKnown(error);
    }
  }

  /** @throws {LeitmotifError} 'unauthorized' for a token that Discord refuses; 'discord-unavailable' */
  async userOf(accessToken: string): Promise<DiscordUser> {
    const [user, guilds] = await Promise.all([
      this.#get('/users/@me', accessToken).then((body) => userSchema.parse(body)),
      this.#get('/users/@me/guilds', accessToken).then((body) => guildsSchema.parse(body)),
    ]);
    const servers = guilds.map(({ id, owner, permissions }) => ({ id, isOwner: owner, permissions }));
    return { id: user.id, name: user.global_name ?? user.username, servers };
  }

  /** Ends the token at Discord. A failure does not matter: nobody else has it. */
  async revoke(accessToken: string): Promise<void> {
    const authentication = oauth.ClientSecretBasic(this.#config.clientSecret);
    await oauth
      .revocationRequest(this.#server, this.#client, authentication, accessToken, this.#options())
      .then((response) => response.body?.cancel())
      .catch(() => {});
  }

  async #get(path: string, accessToken: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' };
    const signal = AbortSignal.timeout(answerTimeoutMs);
    for (let tries = 1; ; tries++) {
      const response = await fetch(`${this.#apiUrl}${path}`, { headers, signal, redirect: 'error' }).catch((cause) => {
        throw unavailable(cause);
      });
      if (response.ok) {
        return response.json().catch((cause: unknown) => {
          throw unavailable(cause);
        });
      }
      await response.body?.cancel();
      if (response.status === 401)
        throw new LeitmotifError('unauthorized', 'Discord does not accept the access token any longer');
      const waitMs = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000;
      if (response.status !== 429 || tries >= triesMax || !(waitMs <= answerTimeoutMs))
        throw unavailable(new Error(`${path} gave ${response.status}`));
      await delay(waitMs, undefined, { signal }).catch((cause) => {
        throw unavailable(cause);
      });
    }
  }

  #options() {
    // DISCORD_API_URL may name a Discord on this machine.
    const [signal, isPlain] = [AbortSignal.timeout(answerTimeoutMs), this.#apiUrl.startsWith('http:')];
    return { signal, [oauth.allowInsecureRequests]: isPlain };
  }
}

function unavailable(cause: unknown): LeitmotifError {
  return new LeitmotifError('discord-unavailable', 'Cannot sign in: Discord does not answer', { cause });
}

/** The library's messages name neither code nor secret. */
function asKnown(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  if (error instanceof oauth.AuthorizationResponseError)
    return new LeitmotifError('cancelled', `Discord led back without a code: ${error.error}`, { cause: error });
  const isNetwork = error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError');
  if (isNetwork) return unavailable(error);
  const why = error instanceof Error ? error.message : String(error);
  return new LeitmotifError('unauthorized', `Cannot sign in: ${why}`, { cause: error });
}
