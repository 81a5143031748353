/** The whole worker, built from its options: the only place here that constructs. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { WorkerOptions } from '../src/embedding/worker-options.ts';
import { LeitmotifError } from '../src/errors.ts';
import { Admission } from './admission.ts';
import { InferencePool } from './engines/inference-pool.ts';
import { createMetrics } from './metrics.ts';
import { manifestPathOf } from './models.ts';
import { createServer } from './server.ts';
import { ServedModels } from './serving.ts';

/** A window takes milliseconds to a second (wav2vec2 on one thread: 0.8 s); a process that is at one for a minute, or
 *  that has not loaded its model in one, hangs. */
const stepTimeoutMs = 60_000;

export interface Worker {
  /** Where it listens: `http://host:port`, or the socket's path. */
  readonly address: string;
  close(): Promise<void>;
}

/** Listens at once (so that /healthz answers while models load) and resolves when every model is loaded.
 *  @throws {LeitmotifError} config-invalid, model-unknown, or worker-unavailable when the address is taken */
export async function startWorker(options: WorkerOptions, log: Logger): Promise<Worker> {
  const stopping = new AbortController();
  const admission = new Admission({ runningMax: options.concurrencyMax, waitingMax: options.queueMax });
  const metrics = createMetrics(() => admission.state);
  const models = await ServedModels.read(
    { modelsDirs: options.modelsDirs, names: options.models, windowSec: options.windowSec },
    (model) =>
      new InferencePool({
        manifestPath: manifestPathOf(model),
        windowSec: options.windowSec,
        device: options.device,
        gives: 'vector',
        processes: options.inferenceProcesses,
        stepTimeoutMs,
        onDeath: (how) => {
          metrics.processDeaths.inc();
          log.warn({ model: model.manifest.name, how }, 'an inference process died and is started again');
        },
        onDevice: (device, passedOver) => {
          metrics.device.set({ model: model.manifest.name, device }, 1);
          log.info({ model: model.manifest.name, device, passedOver }, 'an inference process is ready');
        },
      }),
  );
  const { audioLimits, requestDeadlineMs, spoolDir, token } = options;
  const server = createServer({
    models,
    admission,
    metrics,
    audioLimits,
    requestDeadlineMs,
    spoolDir,
    token,
    log,
    stopping: stopping.signal,
  });
  const close = async (): Promise<void> => {
    stopping.abort(new LeitmotifError('worker-unavailable', 'The worker is stopping'));
    await server.close();
    await models.close();
    await rm(spoolDir, { recursive: true, force: true });
  };
  try {
    // A worker that was killed left its bodies there.
    await rm(spoolDir, { recursive: true, force: true });
    await mkdir(spoolDir, { recursive: true, mode: 0o700 });
    const address = await listen(server, options.listen);
    await models.start();
    log.info({ address, models: options.models }, 'ready');
    return { address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: ReturnType<typeof createServer>, where: WorkerOptions['listen']): Promise<string> {
  try {
    if (!('socketPath' in where)) return await server.listen(where);
    // Left by a worker that was killed; a socket that somebody listens on would be taken over, but its folder is ours.
    await rm(where.socketPath, { force: true });
    await server.listen({ path: where.socketPath });
    await chmod(where.socketPath, 0o600);
    return where.socketPath;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LeitmotifError('worker-unavailable', `Cannot start the worker: ${why}`, { cause: error });
  }
}
