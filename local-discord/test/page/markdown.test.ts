import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInline } from '../../page/markdown/inline.ts';
import type { Inline } from '../../page/markdown/nodes.ts';
import { parseMarkdown } from '../../page/markdown/parse.ts';
import { formatSent, formatTimestamp } from '../../page/markdown/time.ts';

const text = (words: string): Inline => ({ kind: 'text', text: words });

describe('within a line', () => {
  test.each<[string, Inline[]]>([
    ['plain words', [text('plain words')]],
    ['a **b** c', [text('a '), { kind: 'strong', children: [text('b')] }, text(' c')]],
    ['*a* _b_', [{ kind: 'emphasis', children: [text('a')] }, text(' '), { kind: 'emphasis', children: [text('b')] }]],
    [
      '__a__ ~~b~~',
      [{ kind: 'underline', children: [text('a')] }, text(' '), { kind: 'strike', children: [text('b')] }],
    ],
    ['||a||', [{ kind: 'spoiler', children: [text('a')] }]],
    [
      '**a *b* c**',
      [{ kind: 'strong', children: [text('a '), { kind: 'emphasis', children: [text('b')] }, text(' c')] }],
    ],
    ['`**a**`', [{ kind: 'code', text: '**a**' }]],
    ['`` a`b ``', [{ kind: 'code', text: ' a`b ' }]],
    [
      '<@1> <@!2> <#3> <@&4>',
      [
        { kind: 'user', id: '1' },
        text(' '),
        { kind: 'user', id: '2' },
        text(' '),
        { kind: 'channel', id: '3' },
        text(' '),
        { kind: 'role', id: '4' },
      ],
    ],
    ['</library status:12>', [{ kind: 'command', name: 'library status', id: '12' }]],
    ['<t:1700000000:R>', [{ kind: 'time', unixSec: 1_700_000_000, style: 'R' }]],
    ['<t:1700000000>', [{ kind: 'time', unixSec: 1_700_000_000, style: 'f' }]],
    ['<:note:12345678901234567>', [{ kind: 'emoji', text: ':note:' }]],
    ['@everyone', [{ kind: 'everyone', text: '@everyone' }]],
    [
      '[a *b*](https://a.example/x)',
      [
        {
          kind: 'link',
          url: 'https://a.example/x',
          children: [text('a '), { kind: 'emphasis', children: [text('b')] }],
        },
      ],
    ],
    [
      '(https://a.example/b).',
      [text('('), { kind: 'link', url: 'https://a.example/b', children: [text('https://a.example/b')] }, text(').')],
    ],
    ['<https://a.example>', [{ kind: 'link', url: 'https://a.example', children: [text('https://a.example')] }]],
  ])('reads %s', (source, nodes) => {
    expect(parseInline(source)).toEqual(nodes);
  });

  test.each([
    '\\*not\\* \\_this\\_',
    'a_file_name.mp3 and 2 * 3 * 4',
    '**open',
    '[a](javascript:alert(1))',
    '[a](data:text/html,b)',
    'https:\\/\\/a.example',
    '<t:99999999999999999:R> <t:1:q> <@me>',
    '<script>alert(1)</script>',
  ])('leaves %s as text', (source) => {
    expect(parseInline(source).map(({ kind }) => kind)).toEqual(['text']);
  });

  test('removes the backslash of an escaped mark, and keeps it before a letter', () => {
    expect(parseInline('\\*a\\* C:\\music')).toEqual([text('*a* C:\\music')]);
  });

  test('makes no link within a link', () => {
    expect(JSON.stringify(parseInline('[see https://b.example](https://a.example)')).match(/"link"/g)).toHaveLength(1);
  });
});

describe('over lines', () => {
  test('parses headings, subtext, quotes, lists and paragraphs', () => {
    const source = '# One\n### Three\n-# small\n> a\n> b\n- x\n  - y\n- z\nlast\nline';
    const blocks = parseMarkdown(source);
    expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'heading', 'subtext', 'quote', 'list', 'paragraph']);
    expect(blocks[3]).toEqual({ kind: 'quote', children: [{ kind: 'paragraph', children: [text('a\nb')] }] });
    expect(blocks[4]).toMatchObject({
      start: null,
      items: [{ children: [text('x')], below: [{ kind: 'list' }] }, { children: [text('z')] }],
    });
  });

  test('keeps blank lines around subtext, and none beside headings', () => {
    const words = (source: string) => wordsOf(parseMarkdown(source));
    expect(words('a\n\n-# b\n\nc')).toEqual(['a\n\n', 'b', '\nc']);
    expect(words('-# a\n\n-# b')).toEqual(['a', '\n', 'b']);
    expect(words('a\n\n# b\n\nc\n')).toEqual(['a', 'b', 'c']);
  });

  test('keeps the first number of a list', () => {
    expect(parseMarkdown('4. four\n5. five')).toMatchObject([{ kind: 'list', start: 4, items: [{}, {}] }]);
  });

  test('quotes the rest after >>>', () => {
    expect(parseMarkdown('a\n>>> b\n\nc')).toMatchObject([
      { kind: 'paragraph' },
      { kind: 'quote', children: [{ children: [text('b\n\nc')] }] },
    ]);
  });

  test('interprets nothing in a code block', () => {
    expect(parseMarkdown('a\n```ts\n# **b**\n```\nc')).toEqual([
      { kind: 'paragraph', children: [text('a')] },
      { kind: 'code-block', language: 'ts', text: '# **b**' },
      { kind: 'paragraph', children: [text('c')] },
    ]);
  });

  test('keeps the words of any text, links only to the web, and is fast', () => {
    const marks = fc.string({
      unit: fc.constantFrom(
        ...'*_~|`\\<>[]()#-@: \n1ab',
        'https://a.example',
        '<t:1:R>',
        '```',
        '> ',
        '**',
        'javascript:',
      ),
      maxLength: 120,
    });
    fc.assert(
      fc.property(marks, (source) => {
        const blocks = parseMarkdown(source);
        for (const [, url] of JSON.stringify(blocks).matchAll(/"url":"([^"]*)"/g)) expect(url).toMatch(/^https?:/);
        const letters = (words: string): string => words.replace(/[^ab]/g, '');
        // Addresses and names of languages are no words.
        if (!/https|`|java/.test(source)) expect(letters(JSON.stringify(wordsOf(blocks)))).toBe(letters(source));
      }),
    );
    const startMs = performance.now();
    parseMarkdown('*a_'.repeat(1300));
    parseMarkdown('[('.repeat(2000));
    parseMarkdown(`${'**'.repeat(2000)}`);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe('time stamps', () => {
  const nowMs = Date.UTC(2026, 0, 15, 12);
  test.each([
    [0, 'now'],
    [-90, '1 minute ago'],
    [-3600 * 5, '5 hours ago'],
    [-86_400, '1 day ago'],
    [86_400 * 40, 'in 1 month'],
  ])('%i seconds from now is %s', (awaySec, words) => {
    expect(formatTimestamp(nowMs / 1000 + awaySec, 'R', 'en-GB', nowMs)).toBe(words);
  });

  test('are in the user’s language', () => {
    expect(formatTimestamp(nowMs / 1000 - 7200, 'R', 'de', nowMs)).toBe('vor 2 Stunden');
    expect(formatTimestamp(nowMs / 1000, 'D', 'de', nowMs)).toBe('15. Januar 2026');
  });

  test('contain the day only if it is not today', () => {
    expect(formatSent(nowMs, 'en-GB', nowMs)).toMatch(/^\d\d:\d\d$/);
    expect(formatSent(nowMs - 86_400_000, 'en-GB', nowMs)).toMatch(/^14\/01\/2026/);
  });
});

/** Every text of a tree, in order. */
function wordsOf(node: unknown): unknown[] {
  if (Array.isArray(node)) return node.flatMap(wordsOf);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'text' ? [value] : wordsOf(value)));
}
