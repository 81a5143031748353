/** The web API's environment variables: see variables.ts. */
import { z } from 'zod';
import { anyText, int, optionalText, originList, proxyList, type Variable, variable } from './schemas.ts';

export const webVariables = {
  WEB_HOST: variable(
    anyText,
    '127.0.0.1',
    'address',
    'address that the web API (npm run web) listens on; another address than one of loopback requires an API key',
  ),
  WEB_PORT: variable(
    int(0, 65_535).optional(),
    undefined,
    'port',
    'port of the web API. If it is set, npm start also starts the web server; if not, npm start starts the bot alone, and npm run web uses port 8700',
  ),
  WEB_ORIGINS: variable(
    originList,
    '',
    'http(s) origins, separated by commas',
    'public addresses of the web API, such as https://music.example.org behind a reverse proxy: other host names are refused',
  ),
  WEB_TRUSTED_PROXIES: variable(
    proxyList,
    '',
    'addresses or networks, separated by commas',
    'reverse proxies whose X-Forwarded headers count; requires an API key',
  ),
  WEB_REQUESTS_PER_MINUTE: variable(
    int(1, 1_000_000),
    '600',
    'requests',
    'most requests of one address, and of one API key, to the web API',
  ),
  WEB_PLAY_LIBRARY: variable(
    z.stringbool(),
    'false',
    'true or false',
    'whether the web API plays whole recordings of the library; otherwise parts of ten seconds',
  ),
  DISCORD_CLIENT_ID: variable(
    z
      .string()
      .regex(/^\d{17,20}$/, 'expected an id of 17 to 20 digits')
      .optional(),
    undefined,
    'id',
    "the application's id, to let people sign in to the web app with Discord; add the redirect WEB_ORIGIN/auth/discord/callback there",
  ),
  DISCORD_CLIENT_SECRET: variable(
    optionalText,
    undefined,
    'text',
    "the application's OAuth2 client secret, to sign in",
  ),
} as const satisfies Record<string, Variable<unknown>>;
