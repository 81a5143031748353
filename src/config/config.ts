/** The configuration: environment variables, validated once and frozen. No other module reads the environment. */
import { existsSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import path from 'node:path';
import { msPerDay } from '../format.ts';
import { azureOf } from './azure.ts';
import { engineOf } from './engine.ts';
import { signInOf } from './sign-in.ts';
import { readEnvironment } from './values.ts';
import { vectorIndexOf } from './vector-index.ts';

/** File sizes use powers of ten, as file managers do. Memory sizes use powers of two, as kernels do. */
const bytesPerMb = 1_000_000;
const bytesPerMiB = 1024 * 1024;
/** WEB_PORT has no default, so that a program can tell whether it was set. */
const webPort = 8700;

/** Loads the project's .env into the environment. Variables that are set already keep their value. */
export function loadDotEnv(root: string): void {
  const file = path.join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** @throws {LeitmotifError} config-invalid, naming every variable that is wrong and why */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, root: string) {
  const v = readEnvironment(environment);
  const engine = engineOf(v);
  const cores = availableParallelism();
  const inferenceProcesses = v.INFERENCE_PROCESSES ?? cores;
  return Object.freeze({
    indexDir: path.resolve(root, v.INDEX_DIR),
    model: v.EMBEDDING_MODEL,
    modelsDir: path.resolve(root, v.MODELS_DIR),
    hub: Object.freeze({
      endpoint: v.HF_ENDPOINT,
      token: v.HF_TOKEN,
      offline: v.HF_HUB_OFFLINE,
      home: path.resolve(root, v.HF_HOME ?? path.join(homedir(), '.cache', 'huggingface')),
      proxy: Object.freeze({ https: v.HTTPS_PROXY ?? '', except: v.NO_PROXY ?? '' }),
    }),
    packageIndex: v.PIP_INDEX_URL,
    device: v.EMBEDDING_DEVICE,
    engine,
    windowSec: v.WINDOW_SEC,
    neighbours: v.NEIGHBOURS,
    fusion: v.FUSION,
    hubCorrection: v.HUB_CORRECTION,
    includeNonMusic: v.INCLUDE_NON_MUSIC,
    indexShards: v.INDEX_SHARDS,
    vectorIndex: vectorIndexOf(v, root),
    indexingConcurrency: v.INDEXING_CONCURRENCY,
    indexNiceness: v.INDEX_NICENESS,
    logLevel: v.LOG_LEVEL ?? 'warn',
    botLogLevel: v.LOG_LEVEL ?? 'info',
    workerUrls: Object.freeze(v.EMBEDDING_WORKER_URL),
    workerToken: v.EMBEDDING_WORKER_TOKEN,
    worker: Object.freeze({
      host: v.WORKER_HOST,
      port: v.WORKER_PORT,
      concurrencyMax: v.WORKER_CONCURRENCY ?? inferenceProcesses + 1,
      queueMax: v.WORKER_QUEUE_MAX,
      inferenceProcesses,
      drainMs: v.WORKER_DRAIN_SEC * 1000,
    }),
    library: v.LIBRARY,
    clips: v.CLIPS,
    azure: azureOf(v),
    spoolBytesMax: v.SPOOL_MAX_MB * bytesPerMb,
    answersKeptMs: v.ANSWERS_KEPT_DAYS * msPerDay,
    userIdsKeptMs: v.USER_IDS_KEPT_DAYS * msPerDay,
    maintenance: Object.freeze({
      removedKeptMs: v.REMOVED_KEPT_DAYS * msPerDay,
      tidyCron: v.TIDY_CRON,
      backupsKept: v.BACKUPS_KEPT,
      backups: v.BACKUPS ?? `file:${path.resolve(root, v.INDEX_DIR, 'backups')}`,
    }),
    metricsPort: v.METRICS_PORT,
    web: Object.freeze({
      host: v.WEB_HOST,
      port: v.WEB_PORT ?? webPort,
      besideBot: v.WEB_PORT !== undefined,
      origins: v.WEB_ORIGINS.map((origin) => new URL(origin).origin),
      trustedProxies: v.WEB_TRUSTED_PROXIES,
      requestsPerMinute: v.WEB_REQUESTS_PER_MINUTE,
      playLibrary: v.WEB_PLAY_LIBRARY,
      signIn: signInOf(v),
    }),
    discord: Object.freeze({
      token: v.DISCORD_TOKEN,
      apiUrl: v.DISCORD_API_URL,
      owners: v.DISCORD_OWNERS,
      homeServers: v.DISCORD_HOME_SERVERS,
      shards: v.DISCORD_SHARDS,
    }),
    queries: Object.freeze({
      atOnce: v.QUERIES_AT_ONCE,
      waitingMax: v.QUERIES_WAITING_MAX,
      waitingMaxServer: v.QUERIES_WAITING_MAX_SERVER,
      cooldownMs: v.QUERY_COOLDOWN_SEC * 1000,
      deadlineMs: v.QUERY_DEADLINE_SEC * 1000,
      durationMaxSec: Math.min(v.QUERY_MAX_MINUTES * 60, v.AUDIO_MAX_HOURS * 3600),
    }),
    fetchLimits: Object.freeze({
      bytesMax: v.FETCH_MAX_MB * bytesPerMb,
      deadlineMs: v.FETCH_DEADLINE_SEC * 1000,
    }),
    audioLimits: Object.freeze({
      bytesMax: v.AUDIO_MAX_MB * bytesPerMb,
      durationMaxSec: v.AUDIO_MAX_HOURS * 3600,
      deadlineMs: v.AUDIO_DEADLINE_SEC * 1000,
      memoryMaxBytes: v.AUDIO_MEMORY_MB * bytesPerMiB,
    }),
  });
}

export type Config = ReturnType<typeof readConfig>;
