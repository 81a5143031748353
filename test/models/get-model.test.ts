import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { modelManifest, readModel } from '../../src/models/manifest.ts';
import { repository, tiny, tokens, unpinned, weights, words } from './catalogue.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { commit, generatedBytes, gitBlobOf, sha256Of } from './local-hub.ts';

const read = (fixture: Fixture, ...names: string[]): Buffer => readFileSync(path.join(fixture.modelsDir, ...names));
const takenOf = (fixture: Fixture) => fixture.events.flatMap((event) => (event.kind === 'taken' ? [event] : []));

test("puts the audio side into the model's folder, with a manifest that the worker reads", async () => {
  const fixture = await openFixture();
  const { folder } = await fixture.get();
  expect(folder).toBe(path.join(fixture.modelsDir, 'tiny'));
  expect(readdirSync(folder).sort()).toEqual(['audio_model.onnx', 'model.json', 'source.json']);
  expect(read(fixture, 'tiny/audio_model.onnx').equals(weights)).toBe(true);
  const { manifest } = await readModel(path.join(folder, 'model.json'));
  expect(manifest).toMatchObject({
    name: 'tiny',
    family: 'clap',
    sampleRateHz: 48_000,
    dimensions: 512,
    frontEnd: 'clap-mel-1',
    network: { file: 'audio_model.onnx', sha256: sha256Of(weights), bytes: 300_000, output: 'audio_embeds' },
  });
  expect(manifest.text).toBeUndefined();
});

test('adds the text side on request, without downloading the audio side again, and keeps it later', async () => {
  const fixture = await openFixture();
  await fixture.get();
  await fixture.get('tiny', { text: true });
  expect(read(fixture, 'tiny/text_model.onnx').equals(words)).toBe(true);
  await fixture.get();
  const manifest = modelManifest.parse(JSON.parse(read(fixture, 'tiny/model.json').toString()));
  expect(manifest.text).toMatchObject({
    network: { file: 'text_model.onnx', input: 'input_ids' },
    tokenizer: { file: 'tokenizer.json', sha256: sha256Of(tokens), bytes: tokens.length },
  });
  expect(fixture.hub.asked.filter(({ at }) => at === 'hub')).toHaveLength(3);
});

test("names the source of trust for each file: the pin, the hub's sha256, git, or none", async () => {
  const fixture = await openFixture();
  await fixture.get('unpinned', { text: true });
  expect(takenOf(fixture).map(({ file, taken }) => [file, taken.voucher, taken.commit])).toEqual([
    ['audio_model.onnx', 'hub', commit],
    ['text_model.onnx', 'pin', commit],
    ['tokenizer.json', 'hub', commit],
  ]);
  const note = JSON.parse(read(fixture, 'unpinned/source.json').toString());
  expect(note).toMatchObject({ repository, revision: 'main' });
  expect(note.files['audio_model.onnx']).toMatchObject({ commit, voucher: 'hub' });
  fixture.hub.tricks = { isMute: true, etag: () => '"1"' };
  rmSync(path.join(fixture.modelsDir, 'unpinned'), { recursive: true });
  fixture.events.length = 0;
  await fixture.get('unpinned', { text: true });
  expect(takenOf(fixture).map(({ taken }) => taken.voucher)).toEqual([null, 'pin', null]);
});

test('downloads nothing when everything is present, and replaces damaged files', async () => {
  const fixture = await openFixture();
  await fixture.get('unpinned');
  const asked = fixture.hub.asked.length;
  await fixture.get('unpinned');
  expect(fixture.hub.asked).toHaveLength(asked);
  writeFileSync(path.join(fixture.modelsDir, 'unpinned/audio_model.onnx'), 'rotten');
  await fixture.get('unpinned');
  expect(fixture.events).toContainEqual({
    kind: 'damaged',
    file: 'audio_model.onnx',
    expected: sha256Of(weights),
    got: sha256Of(Buffer.from('rotten')),
  });
  expect(read(fixture, 'unpinned/audio_model.onnx').equals(weights)).toBe(true);
});

test('accepts a file that was put there by hand, without a request, if it has the right hash', async () => {
  const fixture = await openFixture({ offline: true });
  mkdirSync(path.join(fixture.modelsDir, 'tiny'), { recursive: true });
  writeFileSync(path.join(fixture.modelsDir, 'tiny/audio_model.onnx'), weights);
  await fixture.get();
  expect(takenOf(fixture)).toMatchObject([{ from: 'here', taken: { voucher: 'pin' } }]);
  writeFileSync(path.join(fixture.modelsDir, 'tiny/audio_model.onnx'), weights.subarray(1));
  await expect(fixture.get()).rejects.toMatchObject({ code: 'download-failed' });
  expect(fixture.events).toContainEqual(expect.objectContaining({ kind: 'damaged', expected: sha256Of(weights) }));
  expect(fixture.hub.asked).toEqual([]);
});

test('names the variable, the cache and the manual way, with address and place, when offline', async () => {
  const fixture = await openFixture({ offline: true });
  const failure = await fixture.get().catch((error: Error) => error.message);
  expect(failure).toContain('HF_HUB_OFFLINE');
  expect(failure).toContain(fixture.cacheDir);
  expect(failure).toContain(`${fixture.hub.endpoint}/${repository}/resolve/main/onnx/audio_model.onnx`);
  expect(failure).toContain(path.join(fixture.modelsDir, 'tiny', 'audio_model.onnx'));
  expect(failure).toContain('npm run models -- get tiny');
});

test('names an unreachable hub and all ways around it, and does not ask it for every file', async () => {
  const gone = await openFixture();
  const { endpoint } = gone.hub;
  await gone.hub[Symbol.asyncDispose]();
  const models = gone.models2({ retryAfterMs: 60_000 });
  const failure = await gone.get('tiny', {}, models).catch((error: Error) => error.message);
  expect(failure).toMatch(/Cannot reach 127\.0\.0\.1:\d+: ECONNREFUSED/);
  for (const word of ['HF_ENDPOINT', 'HTTPS_PROXY', 'HF_HUB_OFFLINE', endpoint, gone.modelsDir]) {
    expect(failure).toContain(word);
  }
});

/** The layout of the hub's own tools: a snapshot of links to blobs. */
function writeCache(cacheDir: string, blob: string, bytes: Buffer, inside: string): void {
  const folder = path.join(cacheDir, 'models--somebody--tiny');
  const link = path.join(folder, 'snapshots', commit, inside);
  mkdirSync(path.join(folder, 'blobs'), { recursive: true });
  mkdirSync(path.join(folder, 'refs'), { recursive: true });
  mkdirSync(path.dirname(link), { recursive: true });
  writeFileSync(path.join(folder, 'blobs', blob), bytes);
  writeFileSync(path.join(folder, 'refs', 'main'), commit);
  symlinkSync(path.relative(path.dirname(link), path.join(folder, 'blobs', blob)), link);
}

test("uses files in the hub's own cache, and keeps them when that is cleared", async () => {
  const fixture = await openFixture({ offline: true });
  writeCache(fixture.cacheDir, sha256Of(weights), weights, 'onnx/audio_model.onnx');
  writeCache(fixture.cacheDir, sha256Of(words), words, 'onnx/text_model.onnx');
  writeCache(fixture.cacheDir, gitBlobOf(tokens), tokens, 'tokenizer.json');
  await fixture.get('unpinned', { text: true });
  expect(takenOf(fixture).map(({ from, taken }) => [from, taken.voucher, taken.commit])).toEqual([
    ['cache', 'hub', commit],
    ['cache', 'pin', commit],
    ['cache', 'hub', commit],
  ]);
  rmSync(fixture.cacheDir, { recursive: true });
  expect(read(fixture, 'unpinned/audio_model.onnx').equals(weights)).toBe(true);
  expect(statSync(path.join(fixture.modelsDir, 'unpinned/audio_model.onnx')).isFile()).toBe(true);
});

test.each([
  ['other bytes than the pin', tiny.name],
  ['other bytes than its name says', unpinned.name],
])('ignores the cache when it holds %s, and asks the hub', async (_case, name) => {
  const fixture = await openFixture();
  writeCache(fixture.cacheDir, sha256Of(weights), generatedBytes(300_000, 9), 'onnx/audio_model.onnx');
  await fixture.get(name);
  expect(takenOf(fixture)).toMatchObject([{ from: 'hub' }]);
  expect(read(fixture, name, 'audio_model.onnx').equals(weights)).toBe(true);
  expect(readdirSync(path.join(fixture.modelsDir, name)).filter((file) => file.endsWith('.partial'))).toEqual([]);
});

test('refuses an unknown model and lists the available ones', async () => {
  const fixture = await openFixture();
  await expect(fixture.get('nothing')).rejects.toMatchObject({
    code: 'model-unknown',
    message: expect.stringMatching(/tiny \(300 kB\), unpinned/),
  });
  await expect(fixture.get('builtin')).rejects.toMatchObject({ code: 'not-allowed' });
  await expect(fixture.get('tiny', { half: true })).rejects.toMatchObject({ code: 'model-unknown' });
});
