/** The real web server as a process of its own, as `npm run web` starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface WebBenchOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

const root = path.resolve(import.meta.dirname, '../..');
const startWithinMs = 60_000;

export class WebProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  static async start(indexDir: string, environment: NodeJS.ProcessEnv): Promise<WebProcess> {
    const own = { INDEX_DIR: indexDir, WEB_PORT: '0', WEB_REQUESTS_PER_MINUTE: '1000000', QUERY_COOLDOWN_SEC: '0' };
    const child = spawn(process.execPath, [path.join(root, 'src/web.ts')], {
      env: { ...environment, ...own, LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let printed = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      printed += String(bytes);
      const url = /^Leitmotif is at (\S+)\n/.exec(printed)?.[1];
      if (url) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`Cannot measure: the web server ended with ${code}`)));
    const timer = setTimeout(() => reject(new Error('Cannot measure: the web server did not start')), startWithinMs);
    try {
      return new WebProcess(child, await promise);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
