import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AnswerOptions, fromRow, newAnswerId, optionsText, toRow } from '../../src/query/stored-answer.ts';
import { anyAnswer } from '../support/answers.ts';

const options: AnswerOptions = {
  fromSec: null,
  toSec: 30,
  results: 10,
  sameArtist: false,
  focus: 'balanced',
  neighbours: 5,
  fusion: 'margin',
  includeNonMusic: false,
  hubCorrection: true,
  leaveOut: null,
  minMatch: 10,
};
const key = { contentSha256: 'a', spaceId: 's', generation: 'g', askerId: '1' };

test('stores the score under its published name, combined', () => {
  const [answer] = fc.sample(anyAnswer, { numRuns: 20, seed: 2 }).filter(({ results }) => results.length > 0);
  if (!answer) throw new Error('no sample');
  const row = toRow({ id: 'x', ...key, options, source: { kind: 'clip', name: 'x' }, answer });
  const [stored] = JSON.parse(row.answer).answer.results;
  expect(stored).toHaveProperty('combined', answer.results[0]?.score);
  expect(stored).not.toHaveProperty('score');
});

test('restores any answer as it was stored', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const stored = { id: newAnswerId(), ...key, options, source: { kind: 'clip', name: 'x.mp3' } as const, answer };
      const again = fromRow({ ...toRow(stored), createdAtMs: 5 });
      expect(again).toEqual({ ...JSON.parse(JSON.stringify(stored)), createdAtMs: 5 });
    }),
    { numRuns: 50 },
  );
});

test('returns null for a row of another form', () => {
  const [answer] = fc.sample(anyAnswer, { numRuns: 1, seed: 1 });
  if (!answer) throw new Error('no sample');
  const row = { ...toRow({ id: 'x', ...key, options, source: { kind: 'clip', name: 'x' }, answer }), createdAtMs: 5 };
  expect(fromRow(row)).not.toBeNull();
  expect(fromRow({ ...row, answer: JSON.stringify({ format: 0, answer }) })).toBeNull();
  expect(fromRow({ ...row, source: '{"kind":"dream"}' })).toBeNull();
  expect(fromRow({ ...row, options: '{}' })).toBeNull();
});

test('gives equal texts for equal options in any order', () => {
  const shuffled = Object.fromEntries(Object.entries(options).reverse()) as typeof options;
  expect(optionsText(shuffled)).toBe(optionsText(options));
  expect(optionsText({ ...options, results: 5 })).not.toBe(optionsText(options));
});

test('creates ids that fit custom ids and do not repeat', () => {
  const ids = Array.from({ length: 1000 }, newAnswerId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[a-z0-9]{12}$/.test(id))).toBe(true);
});
