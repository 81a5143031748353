/** The environment variables of embedding workers on other machines, and of a worker that is one: see variables.ts. */
import { anyText, int, optionalText, urlList, type Variable, variable } from './schemas.ts';
import { hasCredentials } from './urls.ts';

export const workerVariables = {
  EMBEDDING_WORKER_URL: variable(
    // No request would carry them, but logs would.
    urlList.refine((urls) => !urls.some(hasCredentials), {
      error: 'expected addresses without user and password: workers ask for EMBEDDING_WORKER_TOKEN',
    }),
    '',
    'http(s) addresses, separated by commas',
    'workers on other machines, all with the same model; every address of a host name is a worker; unset: a worker is started on this machine',
  ),
  EMBEDDING_WORKER_TOKEN: variable(optionalText, undefined, 'text', 'bearer token that the worker requires'),
  WORKER_HOST: variable(anyText, '127.0.0.1', 'address', 'address that a separate worker (npm run worker) listens on'),
  WORKER_PORT: variable(int(0, 65_535), '8600', 'port', 'port that a separate worker listens on'),
  WORKER_CONCURRENCY: variable(
    int(1, 256).optional(),
    undefined,
    'recordings',
    'recordings that a worker processes at once; unset: INFERENCE_PROCESSES plus one',
  ),
  WORKER_QUEUE_MAX: variable(
    int(0, 10_000),
    '16',
    'recordings',
    'recordings that may wait in a worker; it answers further ones with 429',
  ),
  WORKER_DRAIN_SEC: variable(
    int(0, 86_400),
    '25',
    'seconds',
    'time for what runs when a separate worker gets SIGTERM; Kubernetes kills after 30 s unless terminationGracePeriodSeconds says more',
  ),
} as const satisfies Record<string, Variable<unknown>>;
