/** Runs the bot in a separate process, like `npm start`, against the local Discord. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { boundToParent } from '../../src/io/end-with-parent.ts';
import { descendantsOf } from '../../test/embedding-worker/processes.ts';
import { freePort } from '../../test/support/free-port.ts';
import { cpuOf, processFigures } from '../process-figures.ts';

export interface BotProcessOptions {
  readonly apiUrl: string;
  readonly token: string;
  readonly indexDir: string;
  /** Settings that override the defaults, as in .env. */
  readonly settings: Readonly<Record<string, string>>;
  readonly environment: NodeJS.ProcessEnv;
}

const root = path.resolve(import.meta.dirname, '../..');
const stopWithinMs = 30_000;

export class BotProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  readonly #metricsUrl: string;

  static async start({ apiUrl, token, indexDir, settings, environment }: BotProcessOptions): Promise<BotProcess> {
    const port = await freePort();
    const env = {
      ...environment,
      DISCORD_API_URL: apiUrl,
      DISCORD_TOKEN: token,
      INDEX_DIR: indexDir,
      METRICS_PORT: String(port),
      NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/node'),
      ...settings,
    };
    // A benchmark that is killed leaves no bot behind.
    const { command, args } = boundToParent(process.execPath, [path.join(root, 'src/main.ts')]);
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await once(child, 'spawn');
    return new BotProcess(child, `http://127.0.0.1:${port}/metrics`);
  }

  private constructor(child: ChildProcess, metricsUrl: string) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code]) => {
      throw new Error(`Cannot measure: the bot ended with code ${code}`);
    });
    // Its exit at the end is not a failure.
    this.#ended.catch(() => {});
    this.#metricsUrl = metricsUrl;
  }

  /** Of the bot process alone, without worker, index and ffmpeg. */
  get residentBytes(): number {
    return processFigures(this.#child.pid ?? 0)?.residentBytes ?? Number.NaN;
  }

  /** Seconds of processor time so far by kind of process, of the bot and everything below it. */
  get cpuSecOfKinds(): Map<string, number> {
    const pid = this.#child.pid ?? 0;
    const kinds = new Map<string, number>();
    const add = (kind: string, sec: number) => kinds.set(kind, (kinds.get(kind) ?? 0) + sec);
    for (const each of [{ pid, command: 'main.ts' }, ...descendantsOf(pid)]) {
      const { ownSec, ofEndedChildrenSec } = cpuOf(each.pid);
      add(kindOf(each.command), ownSec);
      // Nothing else ends while queries are answered.
      add('ffmpeg', ofEndedChildrenSec);
    }
    return kinds;
  }

  /** @returns each sample by its name and labels. Each reading resets the event-loop delays. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(this.#metricsUrl)).text();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      samples.map((line): [string, number] => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }

  /** @returns the 99th percentile and the maximum of the event loop's delay since the last call */
  async loopDelay(): Promise<{ p99Ms: number; maxMs: number }> {
    const metrics = await this.metrics();
    const of = (quantile: string) =>
      (metrics.get(`bot_event_loop_delay_seconds{quantile="${quantile}"}`) ?? Number.NaN) * 1000;
    return { p99Ms: of('0.99'), maxMs: of('1') };
  }

  /** Settles as `there` does; rejects when the bot ended before. */
  until<T>(there: Promise<T>): Promise<T> {
    return Promise.race([there, this.#ended]);
  }

  /** Stops it with SIGTERM, like an operator. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(timer);
  }
}

/** The kind of a process of the bot, for a table. */
export function kindOf(command: string): string {
  if (/worker\/main\.ts/.test(command)) return 'embedding worker';
  if (/inference-child/.test(command)) return 'inference process';
  if (/tag-child/.test(command)) return 'tag process';
  if (/^ffmpeg|ffmpeg$/.test(command.split(' ')[0] ?? '')) return 'ffmpeg';
  if (/faiss/.test(command)) return 'index process';
  if (/web\.ts/.test(command)) return 'web server';
  if (/main\.ts/.test(command)) return 'bot: manager and shards';
  return 'guards and others';
}
