/** Every environment variable: schema, default, unit and description. .env.example and docs/configuration.md are generated
 *  from this table, and a test compares them. An empty variable means unset. */
import { z } from 'zod';
import { fusionNames } from '../domain.ts';
import { azureVariables } from './azure-variables.ts';
import { indexVariables } from './index-variables.ts';
import {
  anyText,
  dailyCron,
  httpUrl,
  idList,
  int,
  libraries,
  library,
  number,
  optionalText,
  type Variable,
  variable,
} from './schemas.ts';
import { webVariables } from './web-variables.ts';
import { workerVariables } from './worker-variables.ts';

export const variables = {
  INDEX_DIR: variable(anyText, 'index-data', 'path', 'folder of the catalog and of the index generations'),
  EMBEDDING_MODEL: variable(anyText, 'builtin', 'name', 'the embedding model; npm run models -- list shows all'),
  EMBEDDING_DEVICE: variable(
    z.enum(['auto', 'cuda', 'webgpu', 'cpu']),
    'auto',
    'name',
    'device that runs the model: cuda, webgpu or cpu; auto takes a GPU if its results are correct and it is faster, else the CPU',
  ),
  EMBEDDING_ENGINE: variable(
    z.enum(['onnx', 'open-inference', 'databricks']),
    'onnx',
    'name',
    'where the model runs: on this machine (onnx), on a server such as Triton or KServe (open-inference), or on ' +
      'Databricks Model Serving (databricks)',
  ),
  OPEN_INFERENCE_URL: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'base address of the Open Inference Protocol (version 2) server, without /v2',
  ),
  OPEN_INFERENCE_MODEL: variable(
    z
      .string()
      .regex(/^[^/\s]+(\/versions\/[^/\s]+)?$/, 'expected NAME or NAME/versions/VERSION')
      .optional(),
    undefined,
    'NAME or NAME/versions/VERSION',
    'name of the model on that server; unset: the name in EMBEDDING_MODEL',
  ),
  OPEN_INFERENCE_TOKEN: variable(optionalText, undefined, 'text', 'bearer token for that server, if it requires one'),
  DATABRICKS_URL: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'invocation address of the serving endpoint, .../serving-endpoints/NAME/invocations (or route-optimised); of a server of MLflow: .../invocations',
  ),
  DATABRICKS_TOKEN: variable(
    optionalText,
    undefined,
    'text',
    'access token for DATABRICKS_URL; or set the three variables below instead',
  ),
  DATABRICKS_CLIENT_ID: variable(optionalText, undefined, 'text', 'OAuth client id of a service principal'),
  DATABRICKS_CLIENT_SECRET: variable(optionalText, undefined, 'text', 'secret of DATABRICKS_CLIENT_ID'),
  DATABRICKS_HOST: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'workspace that issues the tokens; unset: the host of DATABRICKS_URL; required with a route-optimised address',
  ),
  REMOTE_REQUESTS: variable(int(1, 256), '4', 'requests', 'most requests to that server at once'),
  MODELS_DIR: variable(anyText, 'models', 'path', 'folder of downloaded models (npm run models -- get NAME)'),
  HF_ENDPOINT: variable(
    z.url({ protocol: /^https?$/ }),
    'https://huggingface.co',
    'http(s) address',
    'model hub to download from, or a mirror of it',
  ),
  HF_TOKEN: variable(
    optionalText,
    undefined,
    'text',
    'token for the model hub, for models that are not public; unset: the token in HF_HOME/token, if there is one',
  ),
  HF_HUB_OFFLINE: variable(
    z.stringbool(),
    'false',
    'true or false',
    'use only the cache in HF_HOME, and download nothing',
  ),
  HF_HOME: variable(
    optionalText,
    undefined,
    'path',
    "cache folder of the hub's own tools; unset: ~/.cache/huggingface",
  ),
  // Checked where it is used: pip takes forms that we do not, and other programs may need them.
  PIP_INDEX_URL: variable(
    anyText,
    'https://pypi.org/simple',
    'http(s) address',
    'Python package index to download MusiCNN from (npm run models -- get musicnn), or a mirror of it',
  ),
  HTTPS_PROXY: variable(optionalText, undefined, 'http(s) address', 'proxy for model downloads'),
  NO_PROXY: variable(optionalText, undefined, 'hosts, separated by commas', 'hosts to reach without the proxy'),
  ...workerVariables,
  INFERENCE_PROCESSES: variable(
    int(1, 256).optional(),
    undefined,
    'processes',
    'processes that run the model, with one thread each; unset: one per core',
  ),
  WINDOW_SEC: variable(
    number(5, 10),
    '10',
    'seconds',
    'length of a chunk; a different length makes a different embedding space',
  ),
  NEIGHBOURS: variable(int(1, 100), '5', 'chunks', 'nearest library chunks to retrieve for each query chunk'),
  FUSION: variable(
    z.enum(fusionNames).optional(),
    undefined,
    'name',
    'method that ranks tracks from matching chunks; unset: the one with the best measured quality',
  ),
  HUB_CORRECTION: variable(
    z.stringbool(),
    'true',
    'true or false',
    'lower the scores of hubs (chunks near to everything), so that queries find more of the library; no effect with FUSION=votes',
  ),
  ...indexVariables,
  INDEXING_CONCURRENCY: variable(
    int(1, 64).optional(),
    undefined,
    'recordings',
    'recordings sent to the workers at once while indexing; unset: as many as they process at once',
  ),
  AUDIO_MAX_MB: variable(int(1, 100_000), '2000', 'megabytes', 'largest accepted file'),
  AUDIO_MAX_HOURS: variable(number(0.01, 100), '6', 'hours', 'longest accepted recording'),
  AUDIO_DEADLINE_SEC: variable(int(1, 86_400), '900', 'seconds', 'time limit for decoding one recording'),
  AUDIO_MEMORY_MB: variable(int(256, 65_536), '2048', 'megabytes', 'address space limit of one ffmpeg process'),
  DISCORD_TOKEN: variable(optionalText, undefined, 'text', "token of the bot, from Discord's developer portal"),
  DISCORD_API_URL: variable(
    z.url({ protocol: /^https?$/ }).optional(),
    undefined,
    'http(s) address',
    'API address of another Discord, such as the local one of npm run demo; unset: discord.com',
  ),
  DISCORD_OWNERS: variable(
    idList,
    '',
    'user ids, separated by commas',
    'these users have all rights over the library, in every server: they can index everything again and remove tracks',
  ),
  DISCORD_HOME_SERVERS: variable(
    idList,
    '',
    'server ids, separated by commas',
    'servers whose admins (Manage Server) may reindex, cancel, set the schedule and see failures; unset: the only server of a bot that is in one server',
  ),
  DISCORD_SHARDS: variable(
    z.union([z.literal('auto'), int(1, 10_000)]).optional(),
    undefined,
    'number or auto',
    'processes that share the servers; Discord requires sharding from 2,500 servers on; unset: one process without a manager',
  ),
  LIBRARY: variable(
    libraries.optional(),
    undefined,
    'file:/path or azure://account/container/prefix; several as NAME=PLACE; NAME=PLACE',
    'libraries to index; unset: those of the last index run',
  ),
  CLIPS: variable(
    library.optional(),
    undefined,
    'azure://account/container/prefix or file:/path',
    'where the clip of every chunk is stored during indexing, so that a preview needs one small read; unset: clips are not stored',
  ),
  ...azureVariables,
  SPOOL_MAX_MB: variable(
    int(1, 1_000_000),
    '4000',
    'megabytes',
    'space in INDEX_DIR for recordings downloaded for embedding; each is deleted right after use',
  ),
  QUERIES_AT_ONCE: variable(int(1, 256), '2', 'queries', 'queries that the bot, or the web API, processes at once'),
  QUERIES_WAITING_MAX: variable(int(0, 10_000), '60', 'queries', 'queries that may wait in total'),
  QUERIES_WAITING_MAX_SERVER: variable(int(0, 10_000), '30', 'queries', 'queries that may wait per server'),
  QUERY_COOLDOWN_SEC: variable(number(0, 3600), '3', 'seconds', 'shortest time between two queries of a user'),
  QUERY_DEADLINE_SEC: variable(int(10, 840), '600', 'seconds', 'time limit of a query; Discord allows 900'),
  QUERY_MAX_MINUTES: variable(
    number(0.01, 6000),
    '60',
    'minutes',
    'longest query (a recording or a part of one); recordings of the library may be AUDIO_MAX_HOURS long',
  ),
  FETCH_MAX_MB: variable(int(1, 100_000), '500', 'megabytes', 'largest file to fetch from a link or a message'),
  FETCH_DEADLINE_SEC: variable(int(1, 840), '60', 'seconds', 'time limit for fetching a file'),
  ANSWERS_KEPT_DAYS: variable(number(0.01, 3650), '30', 'days', 'how long an answer and its clips are stored'),
  USER_IDS_KEPT_DAYS: variable(number(0.01, 3650), '365', 'days', 'how long votes, shares and ended jobs name a user'),
  REMOVED_KEPT_DAYS: variable(
    number(0, 3650),
    '30',
    'days',
    'how long vectors of removed tracks are stored; a recording that returns within this time is not embedded again',
  ),
  TIDY_CRON: variable(
    dailyCron,
    '17 4 * * *',
    'cron, five fields, local time',
    'when the bot deletes expired data, makes a backup (if BACKUPS_KEPT is not 0) and deletes old generations',
  ),
  BACKUPS_KEPT: variable(
    int(0, 1000),
    '0',
    'backups',
    'how many backups of the catalog to store; the bot makes one at each TIDY_CRON; 0: none',
  ),
  BACKUPS: variable(
    library.optional(),
    undefined,
    'azure://account/container/prefix or file:/path',
    'where backups of the catalog are stored, best on another disk than INDEX_DIR; unset: the folder backups in INDEX_DIR',
  ),
  METRICS_PORT: variable(
    int(1, 65_535).optional(),
    undefined,
    'port',
    "loopback port of the bot's metrics; each further shard uses the next port; unset: no metrics",
  ),
  ...webVariables,
  LOG_LEVEL: variable(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
    undefined,
    'level',
    'lowest level that is logged to stderr, as JSON lines; unset: info for the bot, warn for commands',
  ),
} as const satisfies Record<string, Variable<unknown>>;

type Name = keyof typeof variables;
export type Values = { [K in Name]: (typeof variables)[K] extends Variable<infer T> ? T : never };
