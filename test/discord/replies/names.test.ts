import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attachmentName,
  escaped,
  escapedPiece,
  pieceName,
  plain,
  plainPiece,
} from '../../../src/discord/replies/names.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import { anyName } from '../../support/answers.ts';

const texts = textsOf(null);
const shownOf = (text: string) =>
  text
    .replaceAll(/\\([^A-Za-z0-9\s])/g, '$1')
    .replaceAll('@\u200b', '@')
    .replaceAll(/[\u2068\u2069]/g, '');

describe('escaped', () => {
  test('is never longer than its limit', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 4, max: 400 }), (name, lengthMax) => {
        expect(escaped(name, lengthMax).length).toBeLessThanOrEqual(lengthMax);
        expect(plain(name, lengthMax).length).toBeLessThanOrEqual(lengthMax);
      }),
    );
  });

  test('shows a prefix of the plain name', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 10, max: 400 }), (name, lengthMax) => {
        const shown = shownOf(escaped(name, lengthMax));
        if (shown.endsWith('…')) expect(plain(name, 400).startsWith(shown.slice(0, -1))).toBe(true);
        else expect(shown).toBe(plain(name, 400));
      }),
    );
  });

  test('does not end within an escape sequence', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 4, max: 60 }), (name, lengthMax) => {
        const trailing = /\\*$/.exec(escaped(name, lengthMax).replace(/[…\u2069]+$/, ''))?.[0] ?? '';
        expect(trailing.length % 2).toBe(0);
      }),
    );
  });

  test.each([
    ['a_b *c* ~d~ `e` ||f||', 'a\\_b \\*c\\* \\~d\\~ \\`e\\` \\|\\|f\\|\\|'],
    ['[x](https://e.org)', '\\[x\\]\\(https:\\/\\/e.org\\)'],
    ['@everyone <@1>', '@\u200beveryone \\<@\u200b1\\>'],
    ['AC/DC: Live', 'AC/DC: Live'],
    ['a\u202eb\nc', 'ab c'],
    ['שיר 3:10', '\u2068שיר 3:10\u2069'],
    ['\u200b \ufeff', ''],
  ])('%j becomes %j', (name, expected) => {
    expect(escaped(name, 100)).toBe(expected);
  });
});

describe('a piece', () => {
  const track = (title: string | null, artist: string | null) => ({ key: 'a/b/Some File.ogg', title, artist });

  test('is named by its title, else by its file, else untitled', () => {
    expect(pieceName(texts, track('Title', null))).toBe('Title');
    expect(pieceName(texts, track(null, null))).toBe('Some File');
    expect(pieceName(texts, track('\u200b', null))).toBe('Some File');
    expect(pieceName(texts, { key: '\u200b', title: ' ' })).toBe('untitled');
  });

  test('shares its room between title and artist', () => {
    fc.assert(
      fc.property(anyName, fc.option(anyName), fc.integer({ min: 30, max: 300 }), (title, artist, lengthMax) => {
        const shown = escapedPiece(texts, track(title, artist), lengthMax);
        expect(shown.title.length + shown.artist.length).toBeLessThanOrEqual(lengthMax);
        expect(shown.title).not.toBe('');
        expect(plainPiece(texts, track(title, artist), lengthMax).length).toBeLessThanOrEqual(lengthMax);
      }),
    );
  });
});

describe('an attachment', () => {
  test('has a name that Discord does not change', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(attachmentName(`01-${name}-theirs-3m10.mp3`)).toMatch(/^01-[\w.-]{0,80}-?theirs-3m10\.mp3$/);
      }),
    );
  });

  test('keeps letters without accents, and the end of the name', () => {
    expect(attachmentName('01-für-elise-theirs-3m10.mp3')).toBe('01-fur-elise-theirs-3m10.mp3');
    expect(attachmentName('02-日本-ab.mp3')).toBe('02-ab.mp3');
    expect(attachmentName(`03-${'long-'.repeat(60)}theirs-1h02m05.mp3`)).toMatch(
      /^03-long.{50,90}-theirs-1h02m05\.mp3$/,
    );
  });
});
