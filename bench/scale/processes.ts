/** The programs that bench/scale.ts measures: the querying process, commands, and the memory of all their processes. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { on } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Catalog } from '../../src/catalog/catalog.ts';
import { readConfig } from '../../src/config/config.ts';
import { IndexProcess } from '../../src/services/index-process.ts';
import { descendantsOf } from '../../test/embedding-worker/processes.ts';
import { processFigures, proportionalBytes } from '../process-figures.ts';
import type { AskerOrder, QueryOutcome } from './load.ts';

const root = path.resolve(import.meta.dirname, '../..');

export class Asker {
  readonly #child: ChildProcess;
  readonly #messages: AsyncIterator<unknown[]>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#messages = on(child, 'message', { close: ['close'] });
  }

  /** Ready when the index is open. */
  static async start(environment: NodeJS.ProcessEnv, dimensions: number): Promise<Asker> {
    const child = fork(path.join(root, 'bench/scale/load.ts'), [root, String(dimensions)], { env: environment });
    const asker = new Asker(child);
    await asker.#next();
    return asker;
  }

  async ask(times: number): Promise<QueryOutcome[]> {
    const asked: QueryOutcome[] = [];
    this.#send({ type: 'ask', times });
    for (let message = await this.#next(); message !== 'done'; message = await this.#next())
      asked.push(message as QueryOutcome);
    return asked;
  }

  /** Runs queries one by one.
   *  @param isLast called with each answer; returns true for the last one
   *  @returns all answers, including the last */
  async keepAsking(isLast: (asked: QueryOutcome) => boolean): Promise<QueryOutcome[]> {
    const asked: QueryOutcome[] = [];
    this.#send({ type: 'keep-asking' });
    for (let isOver = false; ; ) {
      const message = await this.#next();
      if (message === 'done') return asked;
      if (isOver) continue;
      asked.push(message as QueryOutcome);
      if (!isLast(message as QueryOutcome)) continue;
      isOver = true;
      this.#send({ type: 'stop' });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Of the processes with the vectors: FAISS's, or a Milvus server on this machine. */
  indexProcesses(): number[] {
    const faiss = descendantsOf(this.pid).flatMap(({ pid, command }) => (command.includes('faiss-child') ? [pid] : []));
    return faiss.length > 0 ? faiss : pidsOf('milvus');
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }

  #send(order: AskerOrder): void {
    this.#child.send(order);
  }

  async #next(): Promise<unknown> {
    const message = await this.#messages.next();
    if (message.done) throw new Error('The asking process has ended');
    return message.value[0];
  }
}

export interface CommandRun {
  readonly wallMs: number;
  /** Of the command's own process. */
  readonly peakBytes: number;
  /** Of each kind of child process, by its program. */
  readonly peakBytesBelow: ReadonlyMap<string, number>;
}

const lookEachMs = 100;
/** Counting shared pages visits all pages of a process: 20 ms for a gigabyte. */
const memoryEachMs = 1_000;

/** `node src/cli.ts ...`, from its start to its end.
 *  @throws {Error} when it fails, with its output */
export async function runCommand(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<CommandRun> {
  const startedMs = performance.now();
  const flags = ['--single-threaded-gc', '--no-incremental-marking'];
  const child = spawn(process.execPath, [...flags, path.join(root, 'src/cli.ts'), ...args], { env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const peaks = watchTree(child.pid ?? 0);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const memory = peaks.stop();
  if (code !== 0) throw new Error(`${args.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
  return { wallMs: performance.now() - startedMs, ...memory };
}

/** A reindex like the bot's: in a separate process with low priority, for a row of the catalog.
 *  @throws {Error} when it fails */
export async function runReindex(catalogPath: string, environment: NodeJS.ProcessEnv): Promise<CommandRun> {
  using catalog = new Catalog(catalogPath);
  const asked = { mode: 'changed', requestedBy: null, guildId: null, channelId: null, locale: 'en' } as const;
  const { reindex } = catalog.reindexes.ask(asked);
  catalog.reindexes.start(reindex.id);
  const startedMs = performance.now();
  const config = readConfig(environment, root);
  const task = { kind: 'index', reindexId: reindex.id } as const;
  const running = new IndexProcess(task, { root, environment, config }, () => {});
  const peaks = watchTree(running.pid ?? 0);
  const { how, failure } = await running.ended;
  const memory = peaks.stop();
  const { state, error } = catalog.reindexes.last() ?? { state: 'gone', error: null };
  if (state !== 'done') throw new Error(`The reindex is ${state} (${how}): ${failure?.message ?? error?.message}`);
  return { wallMs: performance.now() - startedMs, ...memory };
}

function watchTree(pid: number): { stop(): Pick<CommandRun, 'peakBytes' | 'peakBytesBelow'> } {
  let peakBytes = 0;
  const peakBytesBelow = new Map<string, number>();
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(pid));
    for (const below of descendantsOf(pid)) {
      const kind = kindOf(below.command);
      if (kind) peakBytesBelow.set(kind, Math.max(peakBytesBelow.get(kind) ?? 0, residentBytes(below.pid)));
    }
  }, lookEachMs);
  return {
    stop() {
      clearInterval(timer);
      return { peakBytes, peakBytesBelow };
    },
  };
}

/** Peak memory of some processes together, with shared pages counted once, until it is stopped.
 *  @param pids called each time, because processes start and end */
export function watchMemory(pids: () => readonly number[]): { stop(): number } {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, memoryOf(pids()));
  };
  const timer = setInterval(look, memoryEachMs);
  return {
    stop() {
      look();
      clearInterval(timer);
      return peak;
    },
  };
}

/** Of all processes of this machine with this name.
 *  @see proc(5) */
export function pidsOf(name: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
    } catch {
      return false;
    }
  });
}

/** With shared pages counted once. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

function residentBytes(pid: number): number {
  return processFigures(pid)?.residentBytes ?? 0;
}

const kinds = { 'faiss-child': 'index process', 'inference-child': 'inference process', 'embedding-worker': 'worker' };

function kindOf(command: string): string | null {
  const known = Object.entries(kinds).find(([part]) => command.includes(part));
  return known?.[1] ?? (command.includes('ffmpeg') ? 'ffmpeg' : null);
}
