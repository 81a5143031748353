/** A worker's start options, shared by both sides: a supervisor sends them to its child over IPC (so that the token is in no
 *  process list); a standalone worker reads them from the environment. */
import { z } from 'zod';

/** Node's flags for processes that stream audio, which creates much garbage: half a gigabyte for two hours. Collector
 *  threads compete with ffmpeg and the model, which use all cores; and incremental marking of a heap of 17 MB took 5 s of
 *  processor time, full marking 0.6 s (30 ms each). Together the flags save a fifth of the indexing time.
 *  scripts/setup/programs.mjs uses the same flags. */
export const collectorFlags = ['--single-threaded-gc', '--no-incremental-marking'] as const;

const count = z.int().positive();

/** The device of a model; `auto`: the first of cuda, webgpu and cpu that passes the self-test. */
export const embeddingDevice = z.enum(['auto', 'cuda', 'webgpu', 'cpu']);
export type EmbeddingDevice = z.infer<typeof embeddingDevice>;

const url = z.url({ protocol: /^https?$/ });

/** Where the networks run: in this worker's processes or on a server. Contains secrets: never log it or put it into an
 *  environment. */
export const workerEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('onnx') }),
  z.object({
    type: z.literal('open-inference'),
    /** The server's URL up to `/v2`. */
    url,
    /** The server's name of the model, `name` or `name/versions/2`; null: the model's own name. */
    model: z.string().min(1).nullable(),
    token: z.string().min(1).nullable(),
    /** Maximum number of simultaneous requests. */
    requestsMax: count,
  }),
  z.object({
    type: z.literal('databricks'),
    /** The endpoint's invocations URL. */
    url,
    access: z.union([
      z.object({ token: z.string().min(1) }),
      z.object({ workspaceUrl: url, clientId: z.string().min(1), clientSecret: z.string().min(1) }),
    ]),
    requestsMax: count,
  }),
]);
export type WorkerEngine = z.infer<typeof workerEngine>;

export const workerOptions = z.object({
  listen: z.union([
    z.object({ host: z.string().min(1), port: z.int().min(0).max(65_535) }),
    z.object({ socketPath: z.string().min(1) }),
  ]),
  /** Bearer token required by every request except /healthz and /readyz; 16 characters or more, to prevent guessing. */
  token: z.string().min(16),
  /** Folders with one folder per model, each with a model.json; the first folder that has a name wins. */
  modelsDirs: z.array(z.string().min(1)).min(1),
  device: embeddingDevice,
  /** Absent: onnx. */
  engine: workerEngine.optional(),
  /** Models to load and serve; the first is the default of requests without `model`. */
  models: z.array(z.string().min(1)).min(1),
  windowSec: z.number().positive(),
  inferenceProcesses: count,
  /** For a program that embeds one recording and ends: the recording is accepted while models load, and inference processes after
   *  the first start only if its windows wait for long. */
  forOneRecording: z.boolean().optional(),
  /** Recordings processed at once (concurrencyMax) and waiting (queueMax); further ones are refused. */
  concurrencyMax: count,
  queueMax: z.int().nonnegative(),
  /** From a request's first byte to its answer's last. */
  requestDeadlineMs: count,
  audioLimits: z.object({
    deadlineMs: count,
    durationMaxSec: z.number().positive(),
    bytesMax: count,
    memoryMaxBytes: count,
    openCpuMaxMs: count.optional(),
    openDeadlineMs: count.optional(),
  }),
  /** An empty folder for request bodies being processed, used by this worker only. Removed when the worker stops. */
  spoolDir: z.string().min(1),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
});

export type WorkerOptions = z.infer<typeof workerOptions>;

/** Messages from a supervised worker to its parent. */
export const workerMessage = z.discriminatedUnion('type', [
  /** Its address exists; its models load. */
  z.object({ type: z.literal('listening') }),
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
]);

export type WorkerMessage = z.infer<typeof workerMessage>;
