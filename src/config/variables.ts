/** Every environment variable: its schema, default, unit and reason. .env.example and docs/configuration.md are written from
 *  this table, and a test compares them. An empty variable means unset. */
import { z } from 'zod';
import { fusionNames } from '../domain.ts';

import {
  dailyCron,
  httpUrl,
  idList,
  int,
  libraries,
  library,
  number,
  optionalText,
  text,
  urlList,
  type Variable,
  variable,
} from './schemas.ts';

export const variables = {
  INDEX_DIR: variable(text, 'index-data', 'path', 'where the catalog and the generations of the index lie'),
  EMBEDDING_MODEL: variable(text, 'builtin', 'name', 'which model embeds; npm run models -- list names them'),
  EMBEDDING_DEVICE: variable(
    z.enum(['auto', 'cuda', 'webgpu', 'cpu']),
    'auto',
    'name',
    'what the model is computed on: cuda, webgpu, cpu, or auto: a GPU that proves itself and is faster, else the cpu',
  ),
  EMBEDDING_ENGINE: variable(
    z.enum(['onnx', 'open-inference', 'databricks']),
    'onnx',
    'name',
    'where the network of the model runs: here (onnx), or on a server that you have: Triton, KServe and others ' +
      '(open-inference), or Databricks Model Serving (databricks)',
  ),
  OPEN_INFERENCE_URL: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'the server that speaks the Open Inference Protocol, version 2: what comes before /v2',
  ),
  OPEN_INFERENCE_MODEL: variable(
    z
      .string()
      .regex(/^[^/\s]+(\/versions\/[^/\s]+)?$/, 'expected NAME or NAME/versions/VERSION')
      .optional(),
    undefined,
    'NAME or NAME/versions/VERSION',
    'what that server calls the model; unset: as EMBEDDING_MODEL does',
  ),
  OPEN_INFERENCE_TOKEN: variable(optionalText, undefined, 'text', 'the bearer token that it asks for, if it does'),
  DATABRICKS_URL: variable(
    httpUrl,
    undefined,
    'http(s) address',
    "the endpoint's invocations, .../serving-endpoints/NAME/invocations, as its page shows; the route-optimised one works too",
  ),
  DATABRICKS_TOKEN: variable(optionalText, undefined, 'text', 'a token for it; or else the three variables below'),
  DATABRICKS_CLIENT_ID: variable(optionalText, undefined, 'text', "a service principal's OAuth client"),
  DATABRICKS_CLIENT_SECRET: variable(optionalText, undefined, 'text', 'and its secret'),
  DATABRICKS_HOST: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'the workspace that gives out the tokens; unset: that of DATABRICKS_URL. A route-optimised address needs it',
  ),
  REMOTE_REQUESTS: variable(int(1, 256), '4', 'requests', 'requests to such a server under way at once'),
  MODELS_DIR: variable(text, 'models', 'path', 'where models lie that were downloaded (npm run models -- get NAME)'),
  HF_ENDPOINT: variable(
    z.url({ protocol: /^https?$/ }),
    'https://huggingface.co',
    'http(s) address',
    'the hub that models are downloaded from, or a mirror of it',
  ),
  HF_TOKEN: variable(
    optionalText,
    undefined,
    'text',
    'your token of the hub, for models that are not public; unset: the one in HF_HOME/token, if there is one',
  ),
  HF_HUB_OFFLINE: variable(z.stringbool(), 'false', 'true or false', 'take models from the cache in HF_HOME only'),
  HF_HOME: variable(
    optionalText,
    undefined,
    'path',
    "where the hub's own tools keep what they downloaded; unset: ~/.cache/huggingface",
  ),
  HTTPS_PROXY: variable(optionalText, undefined, 'http(s) address', 'the proxy that models are downloaded through'),
  NO_PROXY: variable(optionalText, undefined, 'hosts, separated by commas', 'those that are reached without it'),
  EMBEDDING_WORKER_URL: variable(
    urlList,
    '',
    'http(s) addresses, separated by commas',
    'workers that run elsewhere, all with the same model; unset, one is started on this machine as a child',
  ),
  EMBEDDING_WORKER_TOKEN: variable(optionalText, undefined, 'text', 'the bearer token that this worker asks for'),
  WORKER_HOST: variable(text, '127.0.0.1', 'address', 'where a worker started by itself (npm run worker) listens'),
  WORKER_PORT: variable(int(0, 65_535), '8600', 'port', 'and on which port'),
  WORKER_CONCURRENCY: variable(
    int(1, 256).optional(),
    undefined,
    'recordings',
    'recordings that a worker works on at once; unset: one more than it has inference processes',
  ),
  WORKER_QUEUE_MAX: variable(int(0, 10_000), '16', 'recordings', 'recordings that may wait; one more is answered 429'),
  INFERENCE_PROCESSES: variable(
    int(1, 256).optional(),
    undefined,
    'processes',
    'processes that run the model, one thread each; unset: one a core',
  ),
  WINDOW_SEC: variable(number(5, 10), '10', 'seconds', 'length of a chunk; another length is another space'),
  NEIGHBOURS: variable(int(1, 100), '5', 'chunks', 'nearest library chunks asked for each chunk of a query'),
  FUSION: variable(
    z.enum(fusionNames).optional(),
    undefined,
    'name',
    'how hits become a ranking; unset: the one that measured best',
  ),
  HUB_CORRECTION: variable(
    z.stringbool(),
    'true',
    'true or false',
    'lower what is near to everything, so that more of the library is ever found; not with FUSION=votes',
  ),
  INCLUDE_NON_MUSIC: variable(
    z.stringbool(),
    'false',
    'true or false',
    'let silence, applause, noise and what was marked as not music vote and be voted for',
  ),
  INDEX_SHARDS: variable(
    int(1, 16),
    '2',
    'processes',
    'processes that share the search; each holds its part of the vectors',
  ),
  INDEXING_CONCURRENCY: variable(
    int(1, 64).optional(),
    undefined,
    'recordings',
    'recordings sent to the workers at once while indexing; unset: as many as they work on at once',
  ),
  AUDIO_MAX_MB: variable(int(1, 100_000), '2000', 'megabytes', 'largest file that is accepted'),
  AUDIO_MAX_HOURS: variable(number(0.01, 100), '6', 'hours', 'longest recording that is accepted'),
  AUDIO_DEADLINE_SEC: variable(int(1, 86_400), '900', 'seconds', 'after this, decoding a recording is given up'),
  AUDIO_MEMORY_MB: variable(int(256, 65_536), '2048', 'megabytes', 'address space that an ffmpeg process may take'),
  DISCORD_TOKEN: variable(optionalText, undefined, 'text', "the bot's token, from Discord's developer portal"),
  DISCORD_API_URL: variable(
    z.url({ protocol: /^https?$/ }).optional(),
    undefined,
    'http(s) address',
    'another Discord, such as the local one of npm run demo; unset: the real one',
  ),
  DISCORD_OWNERS: variable(
    idList,
    '',
    'user ids, separated by commas',
    'who may do everything with the library, from any server: index everything anew, remove tracks',
  ),
  DISCORD_HOME_SERVERS: variable(
    idList,
    '',
    'server ids, separated by commas',
    'whose admins (Manage Server) may reindex, cancel, set the schedule and see failures; unset: the only server of a bot that is in one',
  ),
  DISCORD_SHARDS: variable(
    z.union([z.literal('auto'), int(1, 10_000)]).optional(),
    undefined,
    'number or auto',
    'processes that share the servers, which Discord asks for from 2,500 on; unset: one, without a manager',
  ),
  LIBRARY: variable(
    libraries.optional(),
    undefined,
    'file:/path or azure://account/container/prefix; several as NAME=PLACE; NAME=PLACE',
    'the recordings that are indexed; unset: those that were indexed last',
  ),
  CLIPS: variable(
    library.optional(),
    undefined,
    'azure://account/container/prefix or file:/path',
    'where the clip of every chunk is stored as it is indexed, so that previews are one small read; unset: nowhere',
  ),
  AZURE_STORAGE_CONNECTION_STRING: variable(
    optionalText,
    undefined,
    'text',
    'lets the program into the storage account that it names; or else one of the following, or what this machine is ' +
      'signed in with (az login, a managed or a workload identity)',
  ),
  AZURE_STORAGE_KEY: variable(optionalText, undefined, 'text', 'a key of the storage account'),
  AZURE_STORAGE_SAS_TOKEN: variable(
    optionalText,
    undefined,
    'text',
    'a shared access signature; it must allow to read and list, for clips also to create, write and delete',
  ),
  AZURE_STORAGE_ACCOUNT: variable(
    z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, 'expected 3 to 24 small letters and digits')
      .optional(),
    undefined,
    'name',
    'whose key or signature that is; needed where there are several accounts',
  ),
  AZURE_STORAGE_ENDPOINT: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'the blob service, {account} standing for the account; unset: https://{account}.blob.core.windows.net. ' +
      'An emulator: http://127.0.0.1:10000/devstoreaccount1',
  ),
  AZURE_TENANT_ID: variable(optionalText, undefined, 'id', "a service principal's tenant"),
  AZURE_CLIENT_ID: variable(optionalText, undefined, 'id', 'and its client; alone, a managed identity'),
  AZURE_CLIENT_SECRET: variable(optionalText, undefined, 'text', 'and its secret'),
  SPOOL_MAX_MB: variable(
    int(1, 1_000_000),
    '4000',
    'megabytes',
    'room in INDEX_DIR for recordings that are fetched from afar to be embedded; they are deleted at once',
  ),
  QUERIES_AT_ONCE: variable(int(1, 256), '2', 'queries', 'queries that the bot works on at once'),
  QUERIES_WAITING_MAX: variable(int(0, 10_000), '60', 'queries', 'queries that may wait, of all people together'),
  QUERIES_WAITING_MAX_SERVER: variable(int(0, 10_000), '30', 'queries', 'queries that may wait, of one server'),
  QUERY_COOLDOWN_SEC: variable(number(0, 3600), '3', 'seconds', 'from one query of a person to their next'),
  QUERY_DEADLINE_SEC: variable(int(10, 840), '600', 'seconds', 'how long a query may run; Discord allows 900'),
  QUERY_MAX_MINUTES: variable(
    number(0.01, 6000),
    '60',
    'minutes',
    'longest recording that may be asked with, or longest part of one; the library takes AUDIO_MAX_HOURS',
  ),
  FETCH_MAX_MB: variable(int(1, 100_000), '500', 'megabytes', 'largest file that is fetched from a link or a message'),
  FETCH_DEADLINE_SEC: variable(int(1, 840), '60', 'seconds', 'after this, fetching a file is given up'),
  ANSWERS_KEPT_DAYS: variable(number(0.01, 3650), '30', 'days', 'how long an answer and its clips are kept'),
  REMOVED_KEPT_DAYS: variable(
    number(0, 3650),
    '30',
    'days',
    'how long vectors of removed tracks are kept: a recording that comes back by then is not embedded again',
  ),
  TIDY_CRON: variable(
    dailyCron,
    '17 4 * * *',
    'cron, five fields, local time',
    'when the bot forgets what was kept long enough, makes a backup if BACKUPS_KEPT says so, and prunes generations',
  ),
  BACKUPS_KEPT: variable(
    int(0, 1000),
    '0',
    'backups',
    'backups of the catalog that the bot makes, one at each TIDY_CRON, and keeps; 0: none',
  ),
  BACKUPS: variable(
    library.optional(),
    undefined,
    'azure://account/container/prefix or file:/path',
    'where backups of the catalog go: another disk is better than the one that INDEX_DIR is on; unset: backups in INDEX_DIR',
  ),
  METRICS_PORT: variable(
    int(1, 65_535).optional(),
    undefined,
    'port',
    "where the bot's metrics can be read on the loopback interface; each further shard one higher; unset: nowhere",
  ),
  LOG_LEVEL: variable(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
    undefined,
    'level',
    'what is logged to stderr, as JSON lines; unset: info for the bot, warn for commands',
  ),
} as const satisfies Record<string, Variable<unknown>>;

/** Removed from the environment before child processes inherit it. */
const secrets = [
  'DISCORD_TOKEN',
  'EMBEDDING_WORKER_TOKEN',
  'OPEN_INFERENCE_TOKEN',
  'DATABRICKS_TOKEN',
  'DATABRICKS_CLIENT_SECRET',
  'HF_TOKEN',
  'AZURE_STORAGE_CONNECTION_STRING',
  'AZURE_STORAGE_KEY',
  'AZURE_STORAGE_SAS_TOKEN',
  'AZURE_CLIENT_SECRET',
] as const satisfies readonly (keyof typeof variables)[];

/** Call after the configuration is read, so that ffmpeg, the worker and the index processes inherit no secret. */
export function forgetSecrets(environment: Record<string, string | undefined>): void {
  for (const name of secrets) delete environment[name];
}

type Name = keyof typeof variables;
export type Values = { [K in Name]: (typeof variables)[K] extends Variable<infer T> ? T : never };
