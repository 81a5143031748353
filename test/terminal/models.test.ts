/** `npm run models`, as somebody who types it sees it. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { downloadableModel } from '../../embedding-worker/downloadable-models.ts';
import { generatedBytes, LocalHub, sendHalf, sha256Of } from '../models/local-hub.ts';
import { projectRoot } from '../support/library.ts';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('npm run models', () => {
  const weights = generatedBytes(400_000);
  const entry = path.join(projectRoot, 'src/cli.ts');
  const key = 'onnx-community/wav2vec2-base-ONNX/onnx/model.onnx';
  let folder: string;
  let hub: LocalHub;
  const inFolder = (...names: string[]) => path.join(folder, ...names);
  const part = () => inFolder('models', 'wav2vec2', 'model.onnx.part');

  function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const ours = { INDEX_DIR: inFolder('index'), MODELS_DIR: inFolder('models'), HF_HOME: inFolder('hf') };
    return { ...process.env, ...ours, HF_ENDPOINT: hub.endpoint, HTTPS_PROXY: '', ...more };
  }

  function models(args: readonly string[], more: Record<string, string> = {}): Promise<Run> {
    return new Promise((resolve) => {
      execFile(process.execPath, [entry, 'models', ...args], { env: environment(more) }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  }

  beforeAll(() => {
    expect(downloadableModel('wav2vec2')?.network.sha256).toBeNull();
  });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-models-cli-'));
    hub = await LocalHub.open();
    hub.files[key] = { bytes: weights };
  });

  afterEach(async () => {
    await hub[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('gets a model, lists it as here, verifies it, finds it damaged, mends it, and removes it', async () => {
    const got = await models(['get', 'wav2vec2']);
    expect(got).toMatchObject({ code: 0, stdout: expect.stringContaining('EMBEDDING_MODEL=wav2vec2 selects it') });
    expect(got.stderr).toMatch(/model\.onnx: downloaded, 400 kB, its hash is the one that the hub names, and recorded/);
    const listed = JSON.parse((await models(['list', '--json'], { EMBEDDING_MODEL: 'wav2vec2' })).stdout);
    expect(listed.find(({ name }: { name: string }) => name === 'wav2vec2')).toMatchObject({
      presence: 'here',
      hash: 'recorded',
      selected: true,
      licence: 'Apache-2.0',
      dimensions: 768,
    });
    expect(await models(['verify'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /builtin\/builtin\.onnx: whole, as pinned\nwav2vec2\/model\.onnx: whole, as the hub/,
      ),
    });
    writeFileSync(inFolder('models', 'wav2vec2', 'model.onnx'), 'rotten');
    expect(await models(['verify', 'wav2vec2'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        new RegExp(`damaged: expected the hash ${sha256Of(weights)}, got [0-9a-f]{64}\n.*models -- get wav2vec2`),
      ),
    });
    expect((await models(['get', 'wav2vec2'])).stderr).toMatch(/not as it should be[\s\S]*downloaded/);
    expect((await models(['verify', 'wav2vec2'])).code).toBe(0);
    const removed = await models(['remove', 'wav2vec2'], { EMBEDDING_MODEL: 'wav2vec2' });
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringMatching(/40\d kB are free again/) });
    expect(removed.stdout).toMatch(/What was indexed with it stays[\s\S]*EMBEDDING_MODEL still names it/);
    expect(existsSync(inFolder('models', 'wav2vec2'))).toBe(false);
  });

  test('lists as a table what is here, what is not, and which embeds', async () => {
    const { code, stdout } = await models(['list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ \* │ builtin +│ yes +│ .*│ pinned/);
    expect(stdout).toMatch(/│ +│ clap +│ no +│ 282 MB \+ 129 MB text +│ fp32 +│ pinned +│ Apache-2\.0/);
    expect(stdout).toMatch(/│ wav2vec2 +│ no +│ about 378 MB +│ fp32 +│ recorded/);
  });

  test('refuses weights that are not the pinned ones, in one sentence', async () => {
    hub.files['Xenova/larger_clap_music_and_speech/onnx/audio_model.onnx'] = { bytes: weights };
    const { code, stderr } = await models(['get', 'clap']);
    expect(code).toBe(1);
    expect(stderr).toContain(downloadableModel('clap')?.network.sha256);
    expect(stderr).not.toMatch(/at .*\.ts:\d+/);
  });

  test('takes the token from HF_TOKEN, or from where the tools of the hub keep it', async () => {
    await models(['get', 'wav2vec2'], { HF_TOKEN: 'hf_of_the_environment' });
    rmSync(inFolder('models'), { recursive: true });
    mkdirSync(inFolder('hf'));
    writeFileSync(inFolder('hf', 'token'), 'hf_of_the_file\n');
    await models(['get', 'wav2vec2'], { HF_TOKEN: '' });
    expect(hub.asked.map(({ at, authorization }) => [at, authorization])).toEqual([
      ['hub', 'Bearer hf_of_the_environment'],
      ['storage', undefined],
      ['hub', 'Bearer hf_of_the_file'],
      ['storage', undefined],
    ]);
  });

  test.each([
    [['get', 'nothing'], /those that can be downloaded are: clap \(282 MB\)/],
    [['get', 'builtin'], /came with the program/],
    [['get', 'wav2vec2', '--text'], /has none/],
    [['remove', 'builtin'], /came with the program/],
    [['remove', '..'], /is not here/],
    [['remove', 'clap'], /is not here/],
    [['verify', 'clap'], /is not here/],
  ])('%j is refused in words', async (args, words) => {
    expect(await models(args)).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
  });

  test('a model that is selected and not here is named with the command that gets it; an unknown one with both lists', async () => {
    const status = (model: string) =>
      new Promise<string>((resolve) => {
        const env = environment({ EMBEDDING_MODEL: model });
        execFile(process.execPath, [entry, 'index', folder], { env }, (_error, _stdout, stderr) => resolve(stderr));
      });
    expect(await status('clap')).toMatch(/not downloaded yet; `npm run models -- get clap` does it \(282 MB\)/);
    expect(await status('clup')).toMatch(/the models here are: builtin; others can be downloaded .*clap \(282 MB\), /);
  });

  describe('is cut off', () => {
    const size = () => (existsSync(part()) ? statSync(part()).size : 0);
    let child: ChildProcess;

    /** Half of it has come, and no more comes. */
    async function startHalfway(): Promise<void> {
      const etag = `"${sha256Of(weights)}"`;
      hub.tricks.storage = (_request, reply, nth) => nth === 0 && sendHalf(reply, weights, { etag }, () => false);
      child = spawn(process.execPath, [entry, 'models', 'get', 'wav2vec2'], {
        env: environment(),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await expect.poll(size, { interval: 20, timeout: 60_000 }).toBe(weights.length / 2);
    }

    async function endBy(signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string }> {
      const chunks: Buffer[] = [];
      child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
      const exited = once(child, 'close');
      child.kill(signal);
      const [code] = await exited;
      return { code, stderr: Buffer.concat(chunks).toString() };
    }

    afterAll(() => void child.kill('SIGKILL'));

    test('by a kill, and goes on where it was', async () => {
      await startHalfway();
      await endBy('SIGKILL');
      const listed = JSON.parse((await models(['list', '--json'])).stdout);
      expect(listed.find(({ name }: { name: string }) => name === 'wav2vec2')).toMatchObject({ presence: 'partly' });
      expect(await models(['get', 'wav2vec2'])).toMatchObject({ code: 0 });
      expect(hub.asked.map(({ range }) => range)).toEqual([undefined, undefined, 'bytes=200000-', 'bytes=200000-']);
      expect(readFileSync(inFolder('models', 'wav2vec2', 'model.onnx')).equals(weights)).toBe(true);
    });

    test('by Ctrl-C, says so, and goes on where it was', async () => {
      await startHalfway();
      expect(await endBy('SIGINT')).toMatchObject({ code: 130, stderr: expect.stringContaining('Cancelled') });
      expect(size()).toBe(weights.length / 2);
      expect(await models(['get', 'wav2vec2'])).toMatchObject({ code: 0 });
      expect(hub.asked.at(-1)?.range).toBe('bytes=200000-');
    });

    test('by nothing, while a second one waits for it, and downloads nothing itself', async () => {
      let isFree = false;
      const whole = `"${sha256Of(weights)}"`;
      hub.tricks.storage = (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { etag: whole, 'content-length': String(weights.length) });
        reply.raw.write(weights.subarray(0, weights.length / 2));
        const timer = setInterval(() => {
          if (!isFree) return;
          clearInterval(timer);
          reply.raw.end(weights.subarray(weights.length / 2));
        }, 5);
        reply.raw.once('close', () => clearInterval(timer));
        return true;
      };
      const first = models(['get', 'wav2vec2']);
      await expect.poll(size, { interval: 20, timeout: 60_000 }).toBe(weights.length / 2);
      expect((await models(['remove', 'wav2vec2'])).stderr).toMatch(/process \d+ on .* is at it/);
      const second = spawn(process.execPath, [entry, 'models', 'get', 'wav2vec2'], {
        env: environment(),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let told = '';
      second.stderr.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
      await expect
        .poll(() => told, { timeout: 60_000 })
        .toMatch(/Waiting: process \d+ on .* is downloading this model/);
      isFree = true;
      expect(await first).toMatchObject({ code: 0 });
      await once(second, 'close');
      expect(second.exitCode).toBe(0);
      expect(told).toMatch(/already here/);
      expect(hub.asked).toHaveLength(2);
    });
  });

  describe('on a disk that is full', () => {
    test('in the middle says so, and keeps what has come for when there is room', async () => {
      // Files of at most 128 KiB; the model has 400,000 bytes.
      const limited = [
        '-c',
        'ulimit -f 128; exec "$@"',
        'limited',
        process.execPath,
        entry,
        'models',
        'get',
        'wav2vec2',
      ];
      const { code, stderr } = await new Promise<Run>((resolve) => {
        execFile('bash', limited, { env: environment() }, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
        });
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(/Cannot write .*model\.onnx\.part: the disk is full/);
      expect(statSync(part()).size).toBe(131_072);
      expect(await models(['get', 'wav2vec2'])).toMatchObject({ code: 0 });
      expect(hub.asked.at(-1)?.range).toBe('bytes=131072-');
    });

    test.skipIf(!canMount())('says beforehand how much room it needs, and fetches nothing', async () => {
      mkdirSync(inFolder('models'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'leitmotif-test', inFolder('models')]);
      try {
        expect(await models(['get', 'wav2vec2'])).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/expected 400 kB of room, got \d+ kB/),
        });
        expect(readdirSync(inFolder('models', 'wav2vec2')).filter((name) => name.endsWith('.onnx'))).toEqual([]);
      } finally {
        execFileSync('umount', [inFolder('models')]);
      }
    });
  });
});

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'leitmotif-test', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
