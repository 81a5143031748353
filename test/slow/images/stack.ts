/** The containers of compose.yaml, built from a copy of this working tree and run by Docker under a project name of their own.
 *
 *  `IMAGE_BASE` names an image in place of the Dockerfile's base, and `IMAGE_NETWORK` the network of the build, where no registry of
 *  images can be reached (scripts/stand-in-base.sh). `IMAGE_PROXY` names an image of Caddy in place of caddy:2. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';

const run = promisify(execFile);
const { IMAGE_BASE: base, IMAGE_NETWORK: network, IMAGE_PROXY: proxy = 'caddy:2' } = process.env;
/** Downloads and a compiler, on cores that others may use. */
const commandMaxMs = 30 * 60_000;

/** @returns why there can be no containers; null if they can be had */
export async function lackingDocker(): Promise<string | null> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}']);
    const { stdout } = await run('docker', ['compose', 'version', '--short']);
    const [major = 0, minor = 0] = stdout
      .replace(/^v/, '')
      .split('.')
      .map((part) => Number.parseInt(part, 10));
    return major > 2 || (major === 2 && minor >= 24) ? null : `Compose is ${stdout.trim()}, and not 2.24 or newer`;
  } catch (error) {
    return `no Docker with Compose: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Stack implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-images-'));
  readonly #name = path.basename(this.#folder).toLowerCase();

  private constructor() {}

  /** Copies what a clone has, and writes .env as docs/deploy.md says, with the local Discord as Discord. */
  static async make(): Promise<Stack> {
    const stack = new Stack();
    const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: projectRoot,
      maxBuffer: 64e6,
    });
    for (const file of listed.stdout.split('\0').filter((name) => name && existsSync(path.join(projectRoot, name))))
      cpSync(path.join(projectRoot, file), stack.#at(file), { recursive: true });
    if (base) for (const file of ['Dockerfile', 'embedding-worker/Dockerfile.gpu']) stack.#replaceBase(file, base);
    const music = stack.#at('music');
    mkdirSync(music);
    for (const seed of [1, 2, 3, 4]) writePiece(path.join(music, `piece-${seed}.ogg`), seed, 47);
    const settings = {
      DISCORD_API_URL: 'http://127.0.0.1:8765/api',
      DISCORD_TOKEN: 'local.discord.token',
      EMBEDDING_WORKER_TOKEN: randomBytes(32).toString('hex'),
      MUSIC_DIR: music,
      QUERY_COOLDOWN_SEC: '0',
      WEB_ORIGINS: 'https://music.example.org',
      WEB_TRUSTED_PROXIES: '172.16.0.0/12,192.168.0.0/16',
    };
    writeFileSync(
      stack.#at('.env'),
      Object.entries(settings)
        .map((pair) => `${pair.join('=')}\n`)
        .join(''),
    );
    writeFileSync(stack.#at('compose.test.yaml'), additions());
    return stack;
  }

  /** Runs `docker compose` with compose.yaml alone. Does not throw when it fails. */
  plain(...args: readonly string[]): Promise<Ended> {
    return this.#compose(['compose.yaml'], args);
  }

  /** Runs `docker compose` with the worker on the CPU, the web server, the proxy of docs/deploy.md and the local Discord.
   *  @throws {Error} when it fails */
  async compose(...args: readonly string[]): Promise<string> {
    const files = ['compose.yaml', 'compose.override.yaml', 'compose.test.yaml'];
    const ended = await this.#compose(files, ['--profile', 'cpu', '--profile', 'web', ...args]);
    if (ended.code !== 0) throw new Error(`docker compose ${args.join(' ')} failed:\n${ended.stderr.slice(-4_000)}`);
    return ended.stdout;
  }

  /** Runs a program in a container, as `docker compose exec` does. */
  exec(...command: readonly string[]): Promise<string> {
    return this.compose('exec', '--no-TTY', ...command);
  }

  /** @returns megabytes of an image of this project */
  async sizeMb(service: string): Promise<number> {
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Size}}', `${this.#name}-${service}`]);
    return Math.round(Number(stdout) / 1e6);
  }

  /** @returns `starting`, `healthy` or `unhealthy` */
  async health(service: string): Promise<string> {
    const id = (await this.compose('ps', '--quiet', service)).trim();
    return (await run('docker', ['inspect', '--format', '{{.State.Health.Status}}', id])).stdout.trim();
  }

  /** A recording of the library. */
  piece(seed: number): string {
    return this.#at(`music/piece-${seed}.ogg`);
  }

  /** The proxy of docs/deploy.md, which is a block of YAML there. */
  writeProxy(): void {
    const [, block] =
      /^```yaml\n(services:\n {2}proxy:[\s\S]*?)^```/m.exec(readFileSync(this.#at('docs/deploy.md'), 'utf8')) ?? [];
    if (block === undefined) throw new Error('Expected docs/deploy.md to have a proxy in YAML');
    writeFileSync(this.#at('compose.override.yaml'), block.replace('image: caddy:2', `image: ${proxy}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('--profile', '*', 'down', '--volumes', '--rmi', 'local', '--timeout', '5');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #compose(files: readonly string[], args: readonly string[]): Promise<Ended> {
    const named = files.flatMap((file) => ['--file', this.#at(file)]);
    const options = { timeout: commandMaxMs, maxBuffer: 64e6 };
    try {
      const ended = await run('docker', ['compose', '--project-name', this.#name, ...named, ...args], options);
      return { code: 0, ...ended };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      if (typeof code !== 'number') throw error;
      return { code, stdout, stderr };
    }
  }

  #at(file: string): string {
    return path.join(this.#folder, file);
  }

  #replaceBase(file: string, image: string): void {
    const text = readFileSync(this.#at(file), 'utf8').replace(/^# syntax=.*\n/, '');
    writeFileSync(this.#at(file), text.replaceAll(/node:24-bookworm-slim@sha256:[0-9a-f]{64}/g, image));
  }
}

/** The local Discord takes calls from its own loopback interface only, so the bot has the network of its container. Health is asked
 *  for more often than in use. */
function additions(): string {
  const build = network === undefined ? '' : `build: {network: ${network}}`;
  return `services:
  bot:
    ${build}
    depends_on: {discord: {condition: service_healthy}}
    network_mode: service:discord
    networks: !reset []
    healthcheck: {interval: 3s}
  discord:
    build: {context: ., target: bot${network === undefined ? '' : `, network: ${network}`}}
    command: [node, test/slow/images/discord.ts]
    volumes:
      - ./local-discord:/app/local-discord:ro
      - ./test/slow/images:/app/test/slow/images:ro
      - ./music:/music:ro
    networks: [inside, outside, vectors]
    healthcheck:
      test: [CMD, node, -e, "fetch('http://127.0.0.1:8765/').then(() => process.exit(0), () => process.exit(1))"]
      interval: 2s
    profiles: [cpu]
  models:
    ${build}
  proxy:
    command: caddy reverse-proxy --internal-certs --from music.example.org --to web:8700
    ports: !override ["127.0.0.1::443"]
    profiles: [web]
  web:
    ${build}
    healthcheck: {interval: 3s}
  worker:
    ${build}
    healthcheck: {interval: 3s}
`;
}
