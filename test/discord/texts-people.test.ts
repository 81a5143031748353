/** The texts about people's data: complete in each language, and really translated. */
import { describe, expect, test } from 'vitest';
import { type Texts, textsOf } from '../../src/discord/texts/texts.ts';

type Subject = 'privacy' | 'help';

const german = textsOf('de');
/** In place of any argument: a number in words, or the names of options. */
const names = Object.assign(new String('8'), { clip: 'a', link: 'b', piece: 'c', from: 'd', to: 'e' });

function textsIn(texts: Texts, subject: Subject): Map<string, string> {
  const flat = (node: object, path: string): [string, string][] =>
    Object.entries(node).flatMap(([key, value]): [string, string][] =>
      typeof value === 'object' && value !== null
        ? flat(value, `${path}.${key}`)
        : [[`${path}.${key}`, typeof value === 'function' ? String(value('7', names, names)) : String(value)]],
    );
  return new Map(flat(texts[subject], subject));
}

describe.each(['privacy', 'help'] as const)('%s', (subject) => {
  const inGerman = textsIn(german, subject);

  test.each([...textsIn(textsOf(null), subject)])('%s is not empty, and differs in German', (key, text) => {
    expect(text.trim()).not.toBe('');
    expect(inGerman.get(key)?.trim()).toBeTruthy();
    expect(inGerman.get(key)).not.toBe(text);
  });
});
