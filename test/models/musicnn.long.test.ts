/** The model `musicnn` from MusiCNN's real package: downloaded, compared with Python, indexed and queried. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeOf } from '../../bench/quality/window-judge.ts';
import { canaryWindow, storedCanary } from '../../embedding-worker/engines/canary.ts';
import { type LoadedModel, loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { readMusicHead, scoresOf } from '../../embedding-worker/music-head.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { findModel } from '../../src/models/find-model.ts';
import { type Model, type ModelFile, networkWidth, readModel, spaceIdOfModel } from '../../src/models/manifest.ts';
import { musicnn } from '../../src/models/musicnn/entry.ts';
import { writeTritonRepository } from '../../src/models/triton-repository.ts';
import { partsOf } from '../../src/ranking/space-parts.ts';
import { awkwardSounds } from '../embedding-worker/music-sounds.ts';
import { builtinModels } from '../embedding-worker/running-worker.ts';
import { makeApplause } from '../support/applause.ts';
import { ask, never, openLibrary, projectRoot } from '../support/library.ts';
import { musicnnPackage } from '../support/musicnn-package.ts';
import { writePiece } from '../support/pieces.ts';
import { floatsOf, nameOf, type ReferenceVectors, readReference } from '../support/reference-fixtures.ts';
import { referenceSignal, sha256OfSignal } from '../support/reference-signals.ts';
import { sha256Of } from './local-hub.ts';
import { LocalIndex } from './local-index.ts';

const run = promisify(execFile);
const found = await musicnnPackage();
if (typeof found === 'string') console.warn(`The tests of the model musicnn are skipped: ${found}.`);
const { sampleRateHz, windows } = readReference<ReferenceVectors>('musicnn.json');

test('the files in the repository are those that the manifest names', () => {
  const folder = path.join(projectRoot, 'src/models/musicnn');
  expect(readdirSync(folder).sort()).toEqual([
    'MODEL_CARD.md',
    'entry.ts',
    'model.json',
    'music-head.json',
    'musicnn.onnx',
  ]);
  const graph = readFileSync(path.join(folder, 'musicnn.onnx'));
  expect(sha256Of(graph)).toBe(musicnn.network.sha256);
  expect(graph.length).toBe(musicnn.network.bytes);
  expect(graph.length).toBeLessThan(10_000_000);
});

test('the space id names graph and weights', async () => {
  const { manifest, folder } = await readModel(path.join(projectRoot, 'src/models/musicnn/model.json'));
  const { network } = manifest;
  const other = sha256Of(Buffer.from('other'));
  const ids = [
    network,
    { ...network, sha256: other },
    { ...network, data: { ...(network.data as ModelFile), sha256: other } },
  ].map((changed) => spaceIdOfModel({ folder, manifest: { ...manifest, network: changed } }, 10));
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toMatch(/^musicnn@1\.0\.0\/[0-9a-f]{12}\/fp32\/w10h10\/fe:pcm16k-1$/);
});

describe.skipIf(typeof found === 'string')('the model musicnn', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-musicnn-'));
  const modelsDir = path.join(folder, 'models');
  let output: { stdout: string; stderr: string };
  let model: Model;
  let loaded: LoadedModel;

  beforeAll(async () => {
    if (typeof found === 'string') return;
    await using index = await LocalIndex.open();
    index.projects[found.project] = { [found.name]: readFileSync(found.file) };
    const entry = path.join(projectRoot, 'src/cli.ts');
    const env = {
      ...process.env,
      MODELS_DIR: modelsDir,
      INDEX_DIR: path.join(folder, 'none'),
      PIP_INDEX_URL: index.url,
    };
    output = await run(process.execPath, [entry, 'models', 'get', 'musicnn'], { env: { ...env, HTTPS_PROXY: '' } });
    model = await readModel(path.join(modelsDir, 'musicnn', 'model.json'));
    loaded = await loadModel(model, 10, 'cpu');
  });
  afterAll(async () => {
    await loaded?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is downloaded by one command', () => {
    expect(output.stdout).toContain('EMBEDDING_MODEL=musicnn selects it');
    expect(output.stderr).toMatch(/musicnn\.onnx: copied from this program, 9\.0 MB/);
    expect(output.stderr).toMatch(
      /00001: taken out of the downloaded package, 9\.5 MB, the hash matches the pinned one/,
    );
    expect(readdirSync(model.folder).sort()).toEqual(
      ['MTT_musicnn.data-00000-of-00001', 'model.json', 'music-head.json', 'musicnn.onnx', 'source.json'].sort(),
    );
  });

  test.each(windows.map((window) => ({ name: nameOf(window, sampleRateHz), window })))(
    'computes the same vector as the training code for $name',
    async ({ window }) => {
      const sound = referenceSignal(window, sampleRateHz);
      expect(sha256OfSignal(sound)).toBe(window.sha256);
      const [vector] = await loaded.run([sound]);
      const expected = floatsOf(window.vector);
      expect(expected).toHaveLength(networkWidth(model.manifest));
      expect(Math.max(...expected.map((value, at) => Math.abs(value - (vector?.[at] ?? 9))))).toBeLessThan(1e-4);
    },
  );

  test('computes the canary of its manifest, which Python computed without the graph', async () => {
    const [vector] = await loaded.run([canaryWindow(10 * sampleRateHz)]);
    const expected = storedCanary(model.manifest, 10) ?? new Float32Array();
    expect(expected).toHaveLength(512);
    expect(Math.max(...expected.map((value, at) => Math.abs(value - (vector?.[at] ?? 9))))).toBeLessThan(1e-4);
  });

  test('gives windows the same vectors in a batch and alone', async () => {
    const sounds = windows.slice(0, 2).map((window) => referenceSignal(window, sampleRateHz));
    const together = await loaded.run(sounds);
    together.forEach((vector, i) => {
      const expected = floatsOf(windows[i]?.vector ?? '');
      expect(Math.max(...expected.map((value, at) => Math.abs(value - (vector[at] ?? 9))))).toBeLessThan(1e-4);
    });
  });

  test('has a sound and a harmony part, of the lengths that the ranking expects', async () => {
    const parts = partsOf(spaceIdOfModel(model, 10), model.manifest.dimensions);
    expect(parts.map(({ name }) => name)).toEqual(['sound', 'harmony']);
    const [vector = new Float32Array()] = await loaded.run([referenceSignal(windows[1] as never, sampleRateHz)]);
    for (const { from, dimensions, weight } of parts) {
      const squares = vector.slice(from, from + dimensions).reduce((sum, value) => sum + value * value, 0);
      expect(squares).toBeCloseTo(weight, 4);
    }
  });

  test('has the music head of the built-in model, which judges each window as it does there', async () => {
    const builtin = await findModel([builtinModels], 'builtin');
    const other = await loadModel(builtin, 10, 'cpu');
    try {
      const [ours, theirs] = [await readMusicHead(model), await readMusicHead(builtin)];
      if (!ours || !theirs) throw new TypeError('expected both models to have a head');
      const sounds = [
        ...windows.map((window) => referenceSignal(window, sampleRateHz)),
        makeApplause(sampleRateHz, 10),
      ];
      for (const sound of sounds) {
        const [here, there] = [await loaded.run([sound]), await other.run([sound])];
        const expected = scoresOf(theirs, there[0] ?? new Float32Array());
        const got = scoresOf(ours, here[0] ?? new Float32Array());
        expect(Math.max(...expected.map((score, at) => Math.abs(score - (got[at] ?? 99))))).toBeLessThan(1e-2);
      }
    } finally {
      await other.close();
    }
  });

  test('judges windows in the benchmark by its head, found where it was downloaded to', async () => {
    const { judgeWindow, title } = await judgeOf([builtinModels, modelsDir], 'musicnn');
    expect(title).toBe('with the music head of musicnn 1.0.0');
    const applause = makeApplause(sampleRateHz, 10);
    expect(await judgeWindow(applause, classifyWindow(applause, sampleRateHz))).toBe('applause');
  });

  test.each(awkwardSounds())('gives a vector of length 1 without NaN for %s', async (_, window) => {
    // `run` refuses any other vector.
    expect((await loaded.run([window]))[0]).toHaveLength(512);
  });

  test('is not loaded with other weights, also of the right size', async () => {
    const { network } = model.manifest;
    const name = network.data?.file ?? '';
    const other = path.join(folder, 'other');
    mkdirSync(other);
    copyFileSync(path.join(model.folder, network.file), path.join(other, network.file));
    const weights = readFileSync(path.join(model.folder, name));
    weights[100_000] = (weights[100_000] ?? 0) ^ 1;
    writeFileSync(path.join(other, name), weights);
    await expect(loadModel({ ...model, folder: other }, 10, 'cpu')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`expected sha256 ${network.data?.sha256}`),
    });
    rmSync(path.join(other, name));
    await expect(loadModel({ ...model, folder: other }, 10, 'cpu')).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('is written for an inference server with its weights next to the graph', async () => {
    const { folder: written } = await writeTritonRepository(path.join(folder, 'triton'), model, 10);
    expect(readdirSync(path.join(written, '1')).sort()).toEqual(['MTT_musicnn.data-00000-of-00001', 'model.onnx']);
  });

  test('indexes a library and finds a piece in it by sound and by harmony', { timeout: 240_000 }, async () => {
    const place = { folder, music: path.join(folder, 'music'), indexDir: path.join(folder, 'index') };
    mkdirSync(place.music);
    for (const seed of [1, 2, 3]) writePiece(path.join(place.music, `piece-${seed}.ogg`), seed, 21);
    const library = openLibrary(place);
    const app = await library.open({ EMBEDDING_MODEL: 'musicnn', MODELS_DIR: modelsDir });
    try {
      const summary = await app.indexing.index({ library: new FolderLibrary(place.music), signal: never });
      expect(summary.files).toMatchObject({ embedded: 3 });
      expect(summary.spaceId).toBe(spaceIdOfModel(model, 10));
      const answer = await ask(app, path.join(place.music, 'piece-2.ogg'));
      expect(answer.results[0]).toMatchObject({ track: { key: 'piece-2.ogg' } });
      expect(answer.results[0]?.scoreOfParts).toBeDefined();
    } finally {
      await app.close();
    }
  });
});
