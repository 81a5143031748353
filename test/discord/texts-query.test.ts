/** The catalogue of texts: complete in each language, and really translated. */
import { describe, expect, test } from 'vitest';
import { queryDe } from '../../src/discord/texts/query.de.ts';
import { queryEn } from '../../src/discord/texts/query.en.ts';

/** The same in both languages, and rightly. */
const loanWords = ['👍', '👎', 'clip', 'link'];

/** What placeholders stand for, wide enough for every text: numbers, names, lists and facts at once. */
function fill(text: unknown): string {
  if (typeof text !== 'function') return String(text);
  const anything: unknown = new Proxy(() => '7', {
    get: (_target, key) => {
      if (key === Symbol.toPrimitive) return () => 7;
      if (key === Symbol.iterator) return ['7'][Symbol.iterator].bind(['7']);
      if (key === 'map') return () => ['7'];
      return key === 'kind' ? 'nothing-close' : 7;
    },
  });
  return String(text(anything, 7, 7, 7, 'x', 'x'));
}

function textsIn(node: object, path: readonly string[] = []): (readonly [string, unknown])[] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? textsIn(value, [...path, key])
      : [[[...path, key].join('.'), value] as const],
  );
}

const english = new Map(textsIn(queryEn));
const german = new Map(textsIn(queryDe));

test('there are many texts', () => {
  expect(english.size).toBeGreaterThan(100);
});

test('each text exists in both languages with the same type', () => {
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) expect(typeof german.get(key), key).toBe(typeof text);
});

describe('each text is not empty, and differs in German', () => {
  test.each([...english].filter(([key]) => !key.endsWith('.bytes') && key !== 'picture.score'))('%s', (key, text) => {
    const [inEnglish, inGerman] = [fill(text), fill(german.get(key))];
    expect(inEnglish.trim()).not.toBe('');
    expect(inGerman.trim()).not.toBe('');
    if (!loanWords.includes(inEnglish)) expect(inGerman.toLowerCase()).not.toBe(inEnglish.toLowerCase());
  });
});
