/** A local Azure Blob Storage for the duration of a test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { freePort } from './free-port.ts';

/** The public account of the emulator. */
export const emulator = {
  account: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
} as const;

const startWithinMs = 60_000;
const rememberWithinMs = 30_000;

/** Paths of PEM files. */
export interface AzuriteTls {
  readonly certificate: string;
  readonly key: string;
}

export class Azurite implements AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  readonly service: BlobServiceClient;
  readonly #folder: string;
  readonly #tls: AzuriteTls | null;
  #process: ChildProcess | null = null;

  private constructor(port: number, folder: string, tls: AzuriteTls | null) {
    this.#tls = tls;
    this.port = port;
    this.#folder = folder;
    this.endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/${emulator.account}`;
    const credential = new StorageSharedKeyCredential(emulator.account, emulator.key);
    // A connection that was kept may be one that the server closes just now, and nothing is tried again.
    const options = { retryOptions: { maxTries: 1 }, keepAliveOptions: { enable: false } };
    this.service = new BlobServiceClient(this.endpoint, credential, options);
  }

  /** @param tls with TLS, tokens are accepted too */
  static async start(tls: AzuriteTls | null = null): Promise<Azurite> {
    const azurite = new Azurite(await freePort(), mkdtempSync(path.join(tmpdir(), 'leitmotif-azurite-')), tls);
    await azurite.revive();
    return azurite;
  }

  /** Of the process; -1 while there is none. */
  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  /** The environment of a program that uses it. */
  get environment(): Record<string, string> {
    return { AZURE_STORAGE_ENDPOINT: this.endpoint, AZURE_STORAGE_KEY: emulator.key };
  }

  async container(name: string): Promise<ContainerClient> {
    const container = this.service.getContainerClient(name);
    await container.createIfNotExists();
    return container;
  }

  /** Waits until a blob of this name would survive a kill: Azurite writes its state every few seconds. */
  async remembers(name: string): Promise<void> {
    const file = path.join(this.#folder, '__azurite_db_blob__.json');
    for (const endMs = Date.now() + rememberWithinMs; Date.now() < endMs; await delay(100)) {
      if (existsSync(file) && readFileSync(file, 'utf8').includes(name)) return;
    }
    throw new Error(`Azurite does not write down ${name}`);
  }

  /** Ends it like a power cut. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Restarts it on the same port, with its data. */
  async revive(): Promise<void> {
    const entry = path.resolve(import.meta.dirname, '../../node_modules/azurite/dist/src/blob/main.js');
    const flags = ['--silent', '--disableTelemetry', '--skipApiVersionCheck', '--location', this.#folder];
    if (this.#tls) flags.push('--oauth', 'basic', '--cert', this.#tls.certificate, '--key', this.#tls.key);
    const child = spawn(process.execPath, [entry, ...flags, '--blobPort', String(this.port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`Azurite does not start: ${said}`)), startWithinMs);
      const listen = (text: Buffer) => {
        said += text;
        if (!said.includes('successfully listens')) return;
        clearTimeout(late);
        resolve();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', (code) => {
        clearTimeout(late);
        reject(new Error(`Azurite ended with ${code}: ${said}`));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
