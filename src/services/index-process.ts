/** The indexing process (src/index-job.ts) on the bot's side: starts it, reads its messages, stops it. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { collectorFlags } from '../embedding/worker-options.ts';
import { LeitmotifError } from '../errors.ts';
import { guardGroup } from '../io/end-with-parent.ts';
import { lowerPriority } from '../io/niceness.ts';
import type { JobAnswers, JobMessage, JobOrder, JobTask } from './job-protocol.ts';

export interface IndexProcessOptions {
  /** The project's folder. */
  readonly root: string;
  /** The environment of the process: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: Config;
}

export interface ProcessEnd {
  /** Its signal or exit code. */
  readonly how: string;
  readonly failure: LeitmotifError | null;
  readonly answer: JobAnswers[keyof JobAnswers] | null;
}

/** Slightly longer than the process's own shutdown limit. */
const stopTimeoutMs = 10_000;
const guardGraceSec = 10;

export class IndexProcess {
  /** Settles when the process and its children have ended. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;

  constructor(
    task: JobTask,
    { root, environment, config }: IndexProcessOptions,
    onMessage: (message: JobMessage) => void,
  ) {
    // Its own process group: Ctrl-C in a terminal reaches only the bot, which then stops the process in order.
    this.#child = fork(path.join(root, 'src', 'index-job.ts'), [], {
      env: { ...environment },
      execArgv: [...collectorFlags],
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Its worker, ffmpeg and inference processes inherit it.
    lowerPriority(this.#child.pid, config.indexNiceness);
    const guard = this.#child.pid === undefined ? undefined : guardGroup(this.#child.pid, guardGraceSec);
    this.#child.once('exit', () => guard?.release());
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    let failure: LeitmotifError | null = null;
    let answer: ProcessEnd['answer'] = null;
    this.#child.on('message', (message: JobMessage) => {
      if (message.type === 'failed') failure = new LeitmotifError(message.code, message.message);
      else if (message.type === 'answer') answer = message.answer;
      onMessage(message);
    });
    this.#child.on('error', (error) => resolve({ how: error.message, failure, answer }));
    // 'close', not 'exit': only then have all messages arrived.
    this.#child.on('close', (code, signal) => resolve({ how: signal ?? `exit code ${code}`, failure, answer }));
    const order: JobOrder = { root, config: withoutToken(config), task };
    // If the channel is already closed, 'close' follows.
    this.#child.send(order, () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Stops it in order; kills it after a time-out. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopTimeoutMs);
    await this.ended;
    clearTimeout(timer);
  }
}

function withoutToken(config: Config): Config {
  return { ...config, discord: { ...config.discord, token: undefined }, web: { ...config.web, signIn: null } };
}
