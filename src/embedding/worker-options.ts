/** What a worker is told when it starts. Shared by both sides: a supervisor sends it to its child over IPC (so that the
 *  token stands in no process list), a worker that runs by itself makes it from the environment. */
import { z } from 'zod';

/** Node's flags for processes that audio streams through, which makes large garbage: half a gigabyte for two hours.
 *  Helper threads that collect it only get in the way of ffmpeg and of the model, which keep all cores busy; and marking
 *  a heap of 17 MB in hundreds of small steps took the worker 5 s of processor time where whole ones take 0.6 s, 30 ms
 *  each. Together a fifth off the wall time of indexing. scripts/setup/programs.mjs starts its programs with the same. */
export const collectorFlags = ['--single-threaded-gc', '--no-incremental-marking'] as const;

const count = z.int().positive();

/** What a model may be computed on; `auto`: the first of cuda, webgpu and cpu that proves itself. */
export const embeddingDevice = z.enum(['auto', 'cuda', 'webgpu', 'cpu']);
export type EmbeddingDevice = z.infer<typeof embeddingDevice>;

const url = z.url({ protocol: /^https?$/ });

/** Where the networks run: in this worker's own processes, or elsewhere. Holds secrets: never logged, never in an
 *  environment. */
export const workerEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('onnx') }),
  z.object({
    type: z.literal('open-inference'),
    /** Of the server: what comes before `/v2`. */
    url,
    /** As the server knows it, `name` or `name/versions/2`; null: by the model's own name. */
    model: z.string().min(1).nullable(),
    token: z.string().min(1).nullable(),
    /** Requests under way at once. */
    requestsMax: count,
  }),
  z.object({
    type: z.literal('databricks'),
    /** Of the endpoint's invocations. */
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
  /** The bearer token that every request but /healthz and /readyz must bring. 16 characters: no guessing. */
  token: z.string().min(16),
  /** Folders with one folder a model, each with a model.json; a name is taken from the first that has it. */
  modelsDirs: z.array(z.string().min(1)).min(1),
  device: embeddingDevice,
  /** Absent: onnx. */
  engine: workerEngine.optional(),
  /** Models to load and serve; the first is the one that a request without `model` gets. */
  models: z.array(z.string().min(1)).min(1),
  windowSec: z.number().positive(),
  inferenceProcesses: count,
  /** Recordings that are worked on at once, and that may wait; one more is refused. */
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
  /** An empty folder of the worker's own, for bodies while they are worked on. Removed when the worker stops. */
  spoolDir: z.string().min(1),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
});

export type WorkerOptions = z.infer<typeof workerOptions>;

/** What a supervised worker tells its parent. */
export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
]);

export type WorkerMessage = z.infer<typeof workerMessage>;
