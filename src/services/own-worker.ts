/** The embedding worker of the configuration as a child of this program. */
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { type LocalWorker, type LocalWorkerOptions, startLocalWorker } from '../embedding/local-worker.ts';
import { LeitmotifError } from '../errors.ts';
import { modelsDirsOf } from './models-dirs.ts';
import type { ProgramContext } from './program-context.ts';

/** Loading a model takes from 0.3 s (built-in) to a minute (hundreds of megabytes from a cold disk). Up to two GPUs get
 *  90 s each before the CPU is used. */
const workerStartTimeoutMs = 300_000;
/** An endpoint that is scaled to zero can take minutes to start. */
const coldStartTimeoutMs = 400_000;

export class OwnWorker implements AsyncDisposable {
  /** Resolves when its models are loaded. Rejects with a LeitmotifError, the reason why it cannot start. */
  readonly started: Promise<LocalWorker>;
  /** Resolves when it accepts recordings: as `started`, or earlier. */
  readonly accepting: Promise<LocalWorker>;
  readonly #closing = new AbortController();

  /** Starts it at once.
   *  @param forOneRecording its recording is decoded while models load. If they fail, so does the recording, for the same reason. Not
   *    for engines elsewhere, which can take minutes to start. */
  constructor(config: Config, context: ProgramContext, forOneRecording = false) {
    const acceptsEarly = forOneRecording && config.engine.type === 'onnx';
    const listening = Promise.withResolvers<LocalWorker>();
    const { worker, ...options } = optionsOf(config, context);
    this.started = startLocalWorker(
      { ...options, worker: { ...worker, forOneRecording: acceptsEarly }, onListening: listening.resolve },
      this.#closing.signal,
    );
    this.accepting = acceptsEarly ? Promise.race([listening.promise, this.started]) : this.started;
    // It may be closed before anything waits for it.
    this.started.catch(() => {});
    this.accepting.catch(() => {});
  }

  /** Ends a start that has not finished; a worker that has started goes on. */
  endStart(): void {
    this.#closing.abort(new LeitmotifError('worker-unavailable', 'The embedding worker was stopped'));
  }

  /** Ends it, also while it starts. */
  async close(): Promise<void> {
    this.endStart();
    const worker = await this.started.catch(() => null);
    await worker?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function optionsOf(config: Config, context: ProgramContext): LocalWorkerOptions {
  const { model, device, engine, windowSec, worker, audioLimits, logLevel } = config;
  const { root, environment, log } = context;
  return {
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
  };
}
