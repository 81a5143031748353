import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { downloadableModels, unknownModel } from '../../src/models/catalogue.ts';
import { findModel } from '../../src/models/find-model.ts';
import { weights } from './catalogue.ts';
import { openFixture } from './fixture.ts';
import { sha256Of } from './local-hub.ts';

const never = new AbortController().signal;

test('lists shipped, downloadable and hand-made models', async () => {
  const fixture = await openFixture();
  await fixture.get();
  const own = path.join(fixture.modelsDir, 'my-own');
  mkdirSync(own);
  const manifest = JSON.parse(readFileSync(path.join(fixture.modelsDir, 'tiny/model.json'), 'utf8'));
  writeFileSync(path.join(own, 'model.json'), JSON.stringify({ ...manifest, name: 'my-own' }));
  mkdirSync(path.join(fixture.modelsDir, 'broken'));
  writeFileSync(path.join(fixture.modelsDir, 'broken/model.json'), '{"name": "bro');
  const listed = await fixture.models.list();
  expect(listed.map(({ name, presence, hash }) => [name, presence, hash])).toEqual([
    ['builtin', 'shipped', 'pinned'],
    ['descriptor', 'shipped', 'pinned'],
    ['tiny', 'here', 'pinned'],
    ['unpinned', 'not-here', 'recorded'],
    ['broken', 'broken', 'recorded'],
    ['my-own', 'here', 'recorded'],
  ]);
  expect(listed[3]).toMatchObject({ isExact: false, bytes: 290_000, textBytes: 120_100, licence: 'CC0-1.0' });
  expect(listed[4]?.problem).toMatch(/Cannot read the model .*broken/);
});

test("verifies against the pin, the hub's hash, or the recorded hash", async () => {
  const fixture = await openFixture();
  await fixture.get('tiny', { text: true });
  await fixture.get('unpinned');
  const states = async (name: string | null) =>
    (await fixture.models.verify(name)).flatMap(({ files }) =>
      files instanceof Error ? [] : files.map((each) => each.state.kind),
    );
  expect(await states('tiny')).toEqual(['pinned', 'pinned', 'hub']);
  expect(await states('unpinned')).toEqual(['hub']);
  rmSync(path.join(fixture.modelsDir, 'unpinned/source.json'));
  expect(await states('unpinned')).toEqual(['recorded']);
  expect(await states(null)).toHaveLength(7);
});

test('finds missing and damaged files, and manifests that differ from the pin', async () => {
  const fixture = await openFixture();
  await fixture.get('tiny', { text: true });
  const file = path.join(fixture.modelsDir, 'tiny/audio_model.onnx');
  const bytes = Buffer.from(weights);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  rmSync(path.join(fixture.modelsDir, 'tiny/tokenizer.json'));
  expect(await fixture.models.verify('tiny')).toMatchObject([
    {
      files: [
        { state: { kind: 'damaged', expected: sha256Of(weights), got: sha256Of(bytes) } },
        { state: { kind: 'pinned' } },
        { state: { kind: 'missing' } },
      ],
    },
  ]);
  // The manifest is changed to match the damaged file.
  const manifest = path.join(fixture.modelsDir, 'tiny/model.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(sha256Of(weights), sha256Of(bytes)));
  expect(await fixture.models.verify('tiny')).toMatchObject([{ files: [{ state: { kind: 'damaged' } }, {}, {}] }]);
});

test('removes a model with all its files, and reports the freed bytes', async () => {
  const fixture = await openFixture();
  const { folder } = await fixture.get();
  const size = readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  expect(await fixture.models.remove('tiny', never)).toEqual({ bytes: size });
  expect((await fixture.models.list()).find(({ name }) => name === 'tiny')).toMatchObject({ presence: 'not-here' });
});

test.each([
  ['builtin', 'not-allowed'],
  ['tiny', 'model-unknown'],
  ['..', 'model-unknown'],
  ['.', 'model-unknown'],
  ['../outside', 'model-unknown'],
])('does not remove %s', async (name, code) => {
  const fixture = await openFixture();
  mkdirSync(path.join(fixture.folder, 'outside'));
  mkdirSync(fixture.modelsDir);
  await expect(fixture.models.remove(name, never)).rejects.toMatchObject({ code });
  expect(readdirSync(fixture.folder)).toContain('outside');
});

test('hides a model from the worker until its download is complete, and says how to get it', async () => {
  const fixture = await openFixture();
  mkdirSync(path.join(fixture.modelsDir, 'clap'), { recursive: true });
  writeFileSync(path.join(fixture.modelsDir, 'clap/audio_model.onnx.part'), 'half');
  await fixture.get();
  await expect(findModel([fixture.modelsDir], 'clap')).rejects.toMatchObject({
    code: 'model-unknown',
    message: expect.stringMatching(
      /not downloaded yet; `npm run models -- get clap` does it \(282 MB\).*here are: tiny/,
    ),
  });
});

test('refuses another version of a model by name, and names the installed one and what indexes in its space', async () => {
  const shipped = path.join(import.meta.dirname, '../../embedding-worker/models');
  const { version } = (await findModel([shipped], 'builtin')).manifest;
  for (const asked of ['builtin@1', 'builtin@2.0.0', `builtin@${version}`]) {
    const refused = findModel([shipped], asked);
    await expect(refused).rejects.toMatchObject({ code: 'model-unknown' });
    await expect(refused).rejects.toThrow(`"${asked}"`);
    await expect(refused).rejects.toThrow(`here is builtin@${version}`);
    await expect(refused).rejects.toThrow('EMBEDDING_MODEL=builtin, `npm run index -- DIR`');
  }
  await expect(findModel([shipped], 'nobody@2')).rejects.toThrow('the models here are: builtin, descriptor');
});

test('lists the installed and the downloadable models for an unknown name', () => {
  expect(unknownModel('clup', ['builtin']).message).toMatch(/here are: builtin; .*clap \(282 MB\), .*wavlm \(378 MB\)/);
});

test('names each model in the catalogue once, by commit, branch or version of a package, with valid file names', () => {
  const names = downloadableModels.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, revision, network, half, text } of downloadableModels) {
    expect(name).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    expect(revision).toMatch(network.data ? /^\d+\.\d+\.\d+$/ : /^([0-9a-f]{40}|main)$/);
    const files = [network, ...(half ? [half] : []), ...(text ? [text.network, text.tokenizer] : [])];
    expect(new Set(files.map((file) => path.posix.basename(file.path))).size).toBe(files.length);
    for (const { sha256, bytes } of files) {
      expect(sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
      expect(bytes).toBeGreaterThan(0);
    }
  }
});
