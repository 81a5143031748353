/** Builds the worker from its options; nothing else constructs its parts. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { checkFfmpeg } from '../src/audio/capabilities.ts';
import type { WorkerOptions } from '../src/embedding/worker-options.ts';
import { LeitmotifError } from '../src/errors.ts';
import { versionOf } from '../src/io/version.ts';
import type { Model } from '../src/models/manifest.ts';
import { Admission } from './admission.ts';
import type { EmbeddingEngine } from './engines/engine.ts';
import { InferencePool } from './engines/inference-pool.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { OpenRequests } from './open-requests.ts';
import type { createServer } from './server.ts';
import { ServedModels } from './serving.ts';
import { TagReader } from './tags/tag-reader.ts';
import { TextSides } from './text/text-sides.ts';

/** A window takes milliseconds to a second (wav2vec2 on one thread: 0.8 s), so a minute means that the process hangs. */
const stepTimeoutMs = 60_000;
/** Enough to load hundreds of megabytes from a cold disk and to compile for a GPU. Two hanging GPUs and then a CPU stay within
 *  the time that the app waits for a worker. */
const loadTimeoutMs = 90_000;
/** Twice the time in which a process starts. */
const othersAfterMs = 1_000;
/** Enough to wait for others, load some hundred megabytes from a cold disk, and compute at most 32 texts of milliseconds each. */
const textDeadlineMs = 120_000;
/** Users who search by words send several queries. After this idle time the text model frees its memory. */
const textIdleMs = 10 * 60_000;
/** Tags of any recording take milliseconds. */
const tagDeadlineMs = 2_000;

export interface Worker {
  /** The address: `http://host:port`, or the socket's path. */
  readonly address: string;
  /** Refuses new and waiting requests with 503, so that clients go elsewhere at once, and lets running ones finish.
   *  @param withinMs after which it returns anyway */
  drain(withinMs: number): Promise<void>;
  /** Ends what runs, then all processes. */
  close(): Promise<void>;
}

/** Listens at once (so that /healthz answers while models load) and resolves when every model is loaded.
 *  @param onListening called when it listens
 *  @throws {LeitmotifError} config-invalid, model-unknown, tool-missing when ffmpeg is missing or lacks something, or worker-unavailable when the address is taken */
export async function startWorker(options: WorkerOptions, log: Logger, onListening = (): void => {}): Promise<Worker> {
  const stopping = new AbortController();
  const admission = new Admission({ runningMax: options.concurrencyMax, waitingMax: options.queueMax });
  const textAdmission = new Admission({ runningMax: 1, waitingMax: options.queueMax, noun: 'question in words' });
  const metrics = createMetrics({ recordings: () => admission.state, texts: () => textAdmission.state });
  const models = await ServedModels.read(
    { modelsDirs: options.modelsDirs, names: options.models, windowSec: options.windowSec },
    (model) => engineFor(model, options, metrics, log),
  );
  const loading = models.start();
  // Awaited below.
  loading.catch(() => {});
  const textSides = new TextSides((name) => ({
    stepTimeoutMs,
    idleMs: textIdleMs,
    onStart: () => metrics.textProcesses.set({ model: name }, 1),
    onEnd: () => metrics.textProcesses.set({ model: name }, 0),
    onDeath: (how) => {
      metrics.textProcessDeaths.inc();
      log.warn({ model: name, how }, 'the process of a text side died');
    },
  }));
  const tagReader = new TagReader({
    deadlineMs: tagDeadlineMs,
    onDeath: (how) => {
      metrics.tagProcessDeaths.inc();
      log.warn({ how }, 'the process that reads tags died');
    },
  });
  const { audioLimits, requestDeadlineMs, spoolDir, token } = options;
  const openRequests = new OpenRequests();
  // Only here, because Fastify takes a third of this process's start, and the inference processes load meanwhile.
  const { createServer } = await import('./server.ts');
  const server = createServer({
    models,
    openRequests,
    tagReader,
    textSides,
    textAdmission,
    textDeadlineMs,
    admission,
    recordingsMax: options.concurrencyMax,
    acceptsWhileLoading: options.forOneRecording ?? false,
    version: versionOf(path.resolve(import.meta.dirname, '..')),
    // Text queries have their own queue, which runs one request at a time.
    connectionsMax: options.concurrencyMax + options.queueMax + 1 + options.queueMax,
    metrics,
    audioLimits,
    requestDeadlineMs,
    spoolDir,
    acceptsPaths: 'socketPath' in options.listen,
    token,
    log,
    stopping: stopping.signal,
  });
  const close = async (): Promise<void> => {
    stopping.abort(new LeitmotifError('worker-unavailable', 'The worker is stopping'));
    await server.close();
    await Promise.all([models.close(), textSides.close(), tagReader.close()]);
    await rm(spoolDir, { recursive: true, force: true });
  };
  const drain = async (withinMs: number): Promise<void> => {
    const waited = new AbortController();
    const drained = Promise.all([admission.drain(), textAdmission.drain()]).then(() => openRequests.idle());
    await Promise.race([drained, delay(withinMs, undefined, { signal: waited.signal }).catch(() => {})]);
    waited.abort();
  };
  try {
    // Bodies left by a killed worker.
    await rm(spoolDir, { recursive: true, force: true });
    await mkdir(spoolDir, { recursive: true, mode: 0o700 });
    const address = await listen(server, options.listen);
    onListening();
    await Promise.all([checkFfmpeg(audioLimits, stopping.signal), loading, tagReader.start()]);
    log.info({ address, models: options.models }, 'ready');
    return { address, drain, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function engineFor(
  model: Model,
  options: WorkerOptions,
  metrics: Metrics,
  log: Logger,
): Promise<EmbeddingEngine> {
  const { windowSec, engine = { type: 'onnx' } } = options;
  const { name } = model.manifest;
  const pool = new InferencePool({
    model,
    windowSec,
    device: options.device,
    gives: engine.type === 'onnx' ? 'vector' : 'network-input',
    processes: options.inferenceProcesses,
    startsOthersAfterMs: options.forOneRecording ? othersAfterMs : 0,
    loadTimeoutMs,
    stepTimeoutMs,
    onDeath: (how) => {
      metrics.processDeaths.inc();
      log.warn({ model: name, how }, 'an inference process died and is started again');
    },
    onDevice: (device, passedOver) => {
      if (engine.type === 'onnx') metrics.setDevice(name, device);
      log.info({ model: name, device, passedOver }, 'an inference process is ready');
    },
  });
  if (engine.type === 'onnx') return pool;
  // Only here, because its HTTP client and guards add a fifth to the time in which a worker starts.
  const { remoteEngineFor } = await import('./engines/remote/connect.ts');
  return remoteEngineFor(engine, { model, windowSec, preparing: pool, metrics, log });
}

async function listen(server: ReturnType<typeof createServer>, where: WorkerOptions['listen']): Promise<string> {
  try {
    if (!('socketPath' in where)) return await server.listen(where);
    // Left by a killed worker. This would also take over a socket in use, but its folder belongs to this worker only.
    await rm(where.socketPath, { force: true });
    await server.listen({ path: where.socketPath });
    await chmod(where.socketPath, 0o600);
    return where.socketPath;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LeitmotifError('worker-unavailable', `Cannot start the worker: ${why}`, { cause: error });
  }
}
