/** CLAP's text side compared with its reference code: transformers on PyTorch, with stored results
 *  (training/reference/README.md). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTextModel, type TextModel } from '../../embedding-worker/text/text-model.ts';
import { openTokenizer, type TextTokenizer } from '../../embedding-worker/text/tokenizer.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import {
  cosineDistance,
  pythonTokensMax,
  referenceTextSide,
  referenceTexts,
  wholeTexts,
  writeTextModel,
} from '../support/text-models.ts';

let folder: string;
let tokenizer: TextTokenizer;
let model: TextModel;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'text-model-'));
  const written = writeTextModel(folder);
  tokenizer = await openTokenizer(path.join(written.folder, referenceTextSide().tokenizer.file));
  model = await loadTextModel(written);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a text', () => {
  test.each(wholeTexts)('gets the tokens and the vector of Python: $text', async ({ text, ids, vector }) => {
    expect([...tokenizer.encode(text)].map(Number)).toEqual(ids);
    expect(cosineDistance(await model.embed(text), floatsOf(vector))).toBeLessThan(1e-5);
  });

  test('differs from others by far more than the tolerance', async () => {
    const vectors = wholeTexts.map(({ vector }) => floatsOf(vector));
    const pairs = vectors.flatMap((a, i) => vectors.slice(i + 1).map((b) => cosineDistance(a, b)));
    expect(pairs.length).toBeGreaterThan(20);
    expect(Math.min(...pairs)).toBeGreaterThan(1e-3);
  });

  test('that Python would truncate is refused, with its number of tokens', async () => {
    const long = referenceTexts.find(({ ids }) => ids.length === pythonTokensMax);
    await expect(model.embed(long?.text ?? '')).rejects.toMatchObject({
      code: 'text-refused',
      message: expect.stringMatching(/at most 75 tokens .*, got \d{3}$/),
    });
  });

  test("is accepted up to the last token of the model's training", () => {
    const words = (count: number): string => 'x'.repeat(count);
    const [fits, tooLong] = [words(75), words(76)];
    expect(tokenizer.encode(fits)).toHaveLength(77);
    expect(() => tokenizer.encode(tooLong)).toThrow(/got 76$/);
  });

  test.each(['', ' ', '\n\t '])('without content is refused: %j', (text) => {
    expect(() => tokenizer.encode(text)).toThrow(/got an empty text/);
  });
});

describe('a text side', () => {
  const { network, tokenizer: words } = referenceTextSide();
  const other = { file: 'other.bin', sha256: '0'.repeat(64), bytes: 1 };

  test.each([
    ['with changed weights', { network: { ...network, sha256: other.sha256 }, tokenizer: words }, 'sha256'],
    ['with a changed tokenizer', { network, tokenizer: { ...words, sha256: other.sha256 } }, 'sha256'],
    ['with missing weights', { network: { ...network, ...other }, tokenizer: words }, 'other.bin'],
    ['with another input', { network: { ...network, input: 'words' }, tokenizer: words }, 'input "words"'],
    ['with another output', { network: { ...network, output: 'words' }, tokenizer: words }, 'output "words"'],
    ['with an invalid tokenizer', { network, tokenizer: { ...network } }, 'JSON'],
  ])('%s is refused with the reason', async (_name, text, why) => {
    const written = writeTextModel(path.join(folder, 'broken'), text);
    await expect(loadTextModel(written)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(why),
    });
  });

  test('with other dimensions than the recordings is refused', async () => {
    const { manifest, folder: at } = writeTextModel(path.join(folder, 'dimensions'));
    const wrong = { manifest: { ...manifest, dimensions: 512 }, folder: at };
    await expect(loadTextModel(wrong)).rejects.toThrow(/expected 512 dimensions, got 48/);
  });

  test('that takes samples instead of tokens is refused', async () => {
    const { manifest, folder: at } = writeTextModel(path.join(folder, 'sounds'));
    const text = { ...referenceTextSide(), network: manifest.network };
    await expect(loadTextModel({ manifest: { ...manifest, text }, folder: at })).rejects.toThrow(/to be int64/);
  });

  test('whose tokenizer is other JSON is refused', async () => {
    const written = writeTextModel(path.join(folder, 'json'));
    const file = path.join(written.folder, 'other.json');
    writeFileSync(file, '{"model": {"type": "BPE"}}');
    await expect(openTokenizer(file)).rejects.toThrow();
  });
});
