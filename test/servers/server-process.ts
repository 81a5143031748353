/** A server from PyPI in a process group of its own, for the duration of a test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardGroup } from '../../src/io/end-with-parent.ts';

const memory = '/dev/shm';
/** Python imports hundreds of files, on a busy machine. */
const startWithinMs = 180_000;

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** An address that answers 200 when it is ready. */
  readonly readyUrl: string;
  /** How the names of its shared memory begin, which it leaves behind when it is killed. */
  readonly sharedMemory?: string;
}

export class ServerProcess implements AsyncDisposable {
  readonly #command: ServerCommand;
  #process: ChildProcess | null = null;
  /** The end of what it wrote. */
  #log = '';

  private constructor(command: ServerCommand) {
    this.#command = command;
  }

  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    await server.revive();
    return server;
  }

  /** Starts it again on the same port; waits until it is ready. */
  async revive(): Promise<void> {
    this.launch();
    for (const endMs = Date.now() + startWithinMs; ; await delay(100)) {
      const ready = await this.#isReady();
      const child = this.#process;
      // Of a server that could not listen, another one on its port would answer.
      const runs = child?.exitCode === null && child.signalCode === null;
      if (ready && runs) return;
      if (runs && Date.now() < endMs) continue;
      await this.kill();
      throw new Error(`${this.#command.program} does not start: ${this.#log}`);
    }
  }

  /** Starts it and does not wait. */
  launch(): void {
    const { program, args, environment, folder } = this.#command;
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONDONTWRITEBYTECODE: '1', ...environment },
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    this.#process = child;
    // It ends also when the tests are killed.
    const guard = child.pid === undefined ? undefined : guardGroup(child.pid, 1);
    child.once('exit', () => guard?.release());
    child.once('error', (error) => void this.#note(error.message));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => this.#note(text.toString()));
  }

  /** Ends it like a power cut, with all its processes. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child?.pid) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    if (child.exitCode === null && child.signalCode === null) await gone;
    const { sharedMemory } = this.#command;
    if (sharedMemory === undefined) return;
    for (const name of readdirSync(memory)) if (name.startsWith(sharedMemory)) rmSync(path.join(memory, name));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #note(text: string): void {
    this.#log = (this.#log + text).slice(-4_000);
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(this.#command.readyUrl, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.arrayBuffer().catch(() => {});
    return answer?.ok === true;
  }
}
