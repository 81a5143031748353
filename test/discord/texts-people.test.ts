/** The texts about people's data: complete in each language, and really translated. */
import { describe, expect, test } from 'vitest';
import { type Texts, textsOf } from '../../src/discord/texts/texts.ts';

type Subject = 'privacy';

const german = textsOf('de');

function textsIn(texts: Texts, subject: Subject): Map<string, string> {
  const flat = (node: object, path: string): [string, string][] =>
    Object.entries(node).flatMap(([key, value]): [string, string][] =>
      typeof value === 'object' && value !== null
        ? flat(value, `${path}.${key}`)
        : [[`${path}.${key}`, typeof value === 'function' ? String(value(7, 8)) : String(value)]],
    );
  return new Map(flat(texts[subject], subject));
}

describe.each(['privacy'] as const)('%s', (subject) => {
  const inGerman = textsIn(german, subject);

  test.each([...textsIn(textsOf(null), subject)])('%s says something, and something else in German', (key, text) => {
    expect(text.trim()).not.toBe('');
    expect(inGerman.get(key)?.trim()).toBeTruthy();
    expect(inGerman.get(key)).not.toBe(text);
  });
});
