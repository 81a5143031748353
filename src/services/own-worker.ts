/** Starts the embedding worker of the configuration as a child of this program. */
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { type LocalWorker, startLocalWorker } from '../embedding/local-worker.ts';
import { modelsDirsOf } from './models-dirs.ts';
import type { ProgramContext } from './program-context.ts';

/** Loading a model takes from 0.3 s (built-in) to a minute (hundreds of megabytes from a cold disk). Up to two GPUs get
 *  90 s each before the CPU is used. */
const workerStartTimeoutMs = 300_000;
/** An endpoint that is scaled to zero can take minutes to start. */
const coldStartTimeoutMs = 400_000;

/** @throws {LeitmotifError} the reason why it cannot start */
export function startOwnWorker(config: Config, context: ProgramContext): Promise<LocalWorker> {
  const { model, device, engine, windowSec, worker, audioLimits, logLevel } = config;
  const { root, environment, log } = context;
  return startLocalWorker({
    entry: path.join(root, 'embedding-worker', 'main.ts'),
    worker: {
      modelsDirs: modelsDirsOf(config, root),
      device,
      engine,
      models: [model],
      windowSec,
      inferenceProcesses: worker.inferenceProcesses,
      concurrencyMax: worker.concurrencyMax,
      queueMax: worker.queueMax,
      requestDeadlineMs: audioLimits.deadlineMs,
      audioLimits,
      logLevel,
    },
    environment,
    startTimeoutMs: engine.type === 'databricks' ? coldStartTimeoutMs : workerStartTimeoutMs,
    niceness: context.niceness ?? 0,
    onDeath: (how) => log.warn({ how }, 'the embedding worker died and is started again'),
    onWaiting: context.onWaiting ?? ((words) => log.info(words)),
  });
}
