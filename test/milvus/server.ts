/** A real Milvus for the duration of a test file: Milvus Lite, or the server 2.3.5 with all of its parts in one process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MilvusEngine } from '../../src/index/milvus/milvus-engine.ts';
import type { MilvusSettings } from '../../src/index/milvus/settings.ts';
import { guardGroup } from '../../src/io/end-with-parent.ts';
import { freePort } from '../support/free-port.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { type MilvusKind, milvusProgram } from './environments.ts';

const startWithinMs = 180_000;
/** In a network of its own, every server has the usual port. */
const portInside = 19530;

export class MilvusServer implements AsyncDisposable {
  readonly kind: MilvusKind;
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  #process: ChildProcess | null = null;
  /** A loopback port of this machine leads into the server's network through a socket in the file system. */
  #relay: TcpRelay | null = null;

  private constructor(kind: MilvusKind, program: string, port: number) {
    this.kind = kind;
    this.#program = program;
    this.port = port;
    this.#folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-milvus-'));
  }

  /** @returns the running server, or why there is none */
  static async start(kind: MilvusKind): Promise<MilvusServer | { missing: string }> {
    const found = await milvusProgram(kind);
    if ('missing' in found) return found;
    const server = new MilvusServer(kind, found.program, await freePort());
    try {
      await server.revive();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      return { missing: (error as Error).message };
    }
  }

  settings(changes: Partial<MilvusSettings> = {}): MilvusSettings {
    return {
      ...{ address: `127.0.0.1:${this.port}`, prefix: 'leitmotif_test', user: null, password: null, token: null },
      ...{ tls: false, caFile: null, database: 'default', indexType: 'auto', recallMin: 0.98 },
      ...changes,
    };
  }

  /** The environment of a program that uses it. */
  get environment(): Record<string, string> {
    return { VECTOR_INDEX: `milvus://127.0.0.1:${this.port}/leitmotif_test` };
  }

  /** Ends it like a power cut: the whole group, because its wrapper survives it and it survives its wrapper. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child?.pid) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    await gone;
  }

  /** Cuts every connection, and refuses new ones until `heal`. */
  cut(): void {
    this.#relay?.cut();
  }

  heal(): void {
    this.#relay?.heal();
  }

  /** Starts it on the same port, with its data; waits until it answers. */
  async revive(): Promise<void> {
    const socket = path.join(this.#folder, 'relay.sock');
    rmSync(socket, { force: true });
    this.#relay ??= await TcpRelay.open(this.port, { path: socket });
    const data = path.join(this.#folder, 'data');
    const inside = path.join(import.meta.dirname, 'relay.mjs');
    const server =
      this.kind === 'lite'
        ? [this.#program, 'server', '--data-dir', data, '--host', '127.0.0.1', '--port', String(portInside)]
        : [
            ...[this.#program, '--data', data, '--proxy-port', String(portInside)],
            ...['--extra-config', 'queryNode.segcore.interimIndex.enableIndex=false'],
          ];
    // Both listen on all interfaces, on a dozen fixed ports: they get a network with nothing but loopback.
    const script = `ip link set lo up && ${quoted(process.execPath)} ${quoted(inside)} ${quoted(socket)} ${portInside} & exec "$@"`;
    const child = spawn('unshare', ['-rn', 'sh', '-c', `ip link set lo up || exit 1; ${script}`, 'sh', ...server], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    this.#process = child;
    // It ends also when the tests are killed.
    const guard = child.pid === undefined ? undefined : guardGroup(child.pid, 1);
    child.once('exit', () => guard?.release());
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said = (said + text).slice(-2000);
    });
    for (const endMs = Date.now() + startWithinMs; ; await delay(200)) {
      if (existsSync(socket) && (await this.#answers())) return;
      if (child.exitCode !== null || Date.now() > endMs) {
        throw new Error(`Milvus does not start in a network of its own (unshare): ${said.trim().split('\n').at(-1)}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#relay?.[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const engine = new MilvusEngine(this.settings());
    try {
      return (await engine.health()).ok;
    } finally {
      await engine.close();
    }
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
