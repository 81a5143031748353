/** The worker's whole path from a window to its vector, compared with the models' reference code: transformers on
 *  PyTorch, with stored results (training/reference/README.md). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadedModel, loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { floatsOf, nameOf, type ReferenceVectors, readReference } from '../support/reference-fixtures.ts';
import { type ReferenceModelName, referenceModel } from '../support/reference-models.ts';
import { referenceSignal, sha256OfSignal } from '../support/reference-signals.ts';

const distanceMax = 1e-5;

function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x = 0, y = 0] = [a[i], b[i]];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return 1 - product / Math.sqrt(ofA * ofB);
}

describe.each<ReferenceModelName>(['clap-random', 'wav2vec2-random', 'hubert-random'])('%s', (name) => {
  const { sampleRateHz, windows } = readReference<ReferenceVectors>(`${name}.json`);
  let model: LoadedModel;
  beforeAll(async () => {
    model = await loadModel(referenceModel(name), 10, 'cpu');
  });
  afterAll(() => model.close());

  test.each(windows.map((window) => ({ name: nameOf(window, sampleRateHz), window })))(
    'computes the same vector as Python for $name',
    async ({ window }) => {
      const sound = referenceSignal(window, sampleRateHz);
      expect(sha256OfSignal(sound)).toBe(window.sha256);
      const [vector] = await model.run([sound]);
      expect(cosineDistance(vector ?? [], floatsOf(window.vector))).toBeLessThan(distanceMax);
    },
  );

  test('separates windows by more than a hundred times the tolerance', async () => {
    const sounds = ['sweep', 'chord', 'noise'] as const;
    const vectors = sounds.map((kind) => floatsOf(windows.find((window) => window.kind === kind)?.vector ?? ''));
    const pairs = vectors.flatMap((a, i) => vectors.slice(i + 1).map((b) => cosineDistance(a, b)));
    expect(Math.min(...pairs)).toBeGreaterThan(100 * distanceMax);
  });

  test('gives windows the same vectors in a batch and alone', async () => {
    const whole = windows.filter(({ samples }) => samples === 10 * sampleRateHz).slice(0, 3);
    const vectors = await model.run(whole.map((window) => referenceSignal(window, sampleRateHz)));
    vectors.forEach((vector, i) => {
      expect(cosineDistance(vector, floatsOf(whole[i]?.vector ?? ''))).toBeLessThan(distanceMax);
    });
  });
});

test('gives a CLAP window cut one frame later another vector, beyond the tolerance', async () => {
  const { sampleRateHz, windows } = readReference<ReferenceVectors>('clap-random.json');
  const window = windows.find(({ kind }) => kind === 'chord');
  if (!window) throw new TypeError('Cannot find a chord among the reference windows');
  const model = await loadModel(referenceModel('clap-random'), 10, 'cpu');
  const later = referenceSignal({ ...window, samples: window.samples + 480 }, sampleRateHz).subarray(480);
  const [vector] = await model.run([later]);
  await model.close();
  expect(cosineDistance(vector ?? [], floatsOf(window.vector))).toBeGreaterThan(distanceMax);
});
