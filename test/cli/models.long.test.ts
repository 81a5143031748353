/** `npm run models` from the user's side. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { downloadableModel } from '../../src/models/catalogue.ts';
import { generatedBytes, LocalHub, sha256Of } from '../models/local-hub.ts';
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

  test('downloads, lists, verifies, repairs and removes a model', async () => {
    const got = await models(['get', 'wav2vec2']);
    expect(got).toMatchObject({ code: 0, stdout: expect.stringContaining('EMBEDDING_MODEL=wav2vec2 selects it') });
    expect(got.stderr).toMatch(/model\.onnx: downloaded, 400 kB, the hash matches the one of the hub and is recorded/);
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
        /builtin\/builtin\.onnx: correct, matches the pinned hash\nbuiltin\/music-head\.json: correct, matches the pinned hash\ndescriptor\/descriptor\.onnx: correct, matches the pinned hash\nwav2vec2\/model\.onnx: correct, matches the hash that the hub/,
      ),
    });
    writeFileSync(inFolder('models', 'wav2vec2', 'model.onnx'), 'rotten');
    expect(await models(['verify', 'wav2vec2'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        new RegExp(`damaged: expected the hash ${sha256Of(weights)}, got [0-9a-f]{64}\n.*models -- get wav2vec2`),
      ),
    });
    expect((await models(['get', 'wav2vec2'])).stderr).toMatch(/is damaged[\s\S]*downloaded/);
    expect((await models(['verify', 'wav2vec2'])).code).toBe(0);
    const removed = await models(['remove', 'wav2vec2'], { EMBEDDING_MODEL: 'wav2vec2' });
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringMatching(/freed 40\d kB/) });
    expect(removed.stdout).toMatch(/Its indexes stay[\s\S]*EMBEDDING_MODEL still names it/);
    expect(existsSync(inFolder('models', 'wav2vec2'))).toBe(false);
  });

  test('lists present, missing and selected models as a table', async () => {
    const { code, stdout } = await models(['list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ \* │ builtin +│ yes +│ .*│ pinned/);
    expect(stdout).toMatch(/│ +│ clap +│ no +│ 282 MB \+ 129 MB text +│ fp32 +│ pinned +│ Apache-2\.0/);
    expect(stdout).toMatch(/│ wav2vec2 +│ no +│ about 378 MB +│ fp32 +│ recorded/);
  });

  test('refuses weights with another hash than the pinned one, in one sentence', async () => {
    hub.files['Xenova/larger_clap_music_and_speech/onnx/audio_model.onnx'] = { bytes: weights };
    const { code, stderr } = await models(['get', 'clap']);
    expect(code).toBe(1);
    expect(stderr).toContain(downloadableModel('clap')?.network.sha256);
    expect(stderr).not.toMatch(/at .*\.ts:\d+/);
  });

  test('reads the token from HF_TOKEN or from the file of the hub tools', async () => {
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

  test('names the download command for a missing model, and all models for an unknown one', async () => {
    const status = (model: string) =>
      new Promise<string>((resolve) => {
        const env = environment({ EMBEDDING_MODEL: model });
        execFile(process.execPath, [entry, 'index', folder], { env }, (_error, _stdout, stderr) => resolve(stderr));
      });
    expect(await status('clap')).toMatch(/not downloaded yet; `npm run models -- get clap` does it \(282 MB\)/);
    expect(await status('clup')).toMatch(
      /the models here are: builtin, descriptor; others can be downloaded .*clap \(282 MB\), /,
    );
  });
});
