/** Signing in to the web app with Discord. */
import { LeitmotifError } from '../errors.ts';

export interface SignInConfig {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** @returns null where nobody can sign in
 *  @throws {LeitmotifError} 'config-invalid' when one of both is missing */
export function signInOf(values: {
  readonly DISCORD_CLIENT_ID: string | undefined;
  readonly DISCORD_CLIENT_SECRET: string | undefined;
}): SignInConfig | null {
  const { DISCORD_CLIENT_ID: clientId, DISCORD_CLIENT_SECRET: clientSecret } = values;
  if (clientId === undefined && clientSecret === undefined) return null;
  if (clientId !== undefined && clientSecret !== undefined) return Object.freeze({ clientId, clientSecret });
  const missing = clientId === undefined ? 'DISCORD_CLIENT_ID' : 'DISCORD_CLIENT_SECRET';
  throw new LeitmotifError(
    'config-invalid',
    `Cannot let people sign in with Discord: ${missing} is not set; both are under "OAuth2" of the application`,
  );
}
