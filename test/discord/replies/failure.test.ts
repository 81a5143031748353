import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureReply } from '../../../src/discord/replies/failure.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { anyName } from '../../support/answers.ts';
import { expectToHold, languages } from './holding.ts';

const english = textsOf(null);
const codes = Object.keys(english.query.failure) as ErrorCode[];
const refusals = ['not-http', 'credentials', 'port', 'address', 'redirects', 'music-page', 'message-unreadable'];
const problems = ['one-of-three', 'time-unreadable', 'to-before-from', 'beyond-end', 'message-without-audio'];
const kinds = [...refusals, 'page', 'encoded', 'message', 'not-yours'];

const anyFacts = fc.record(
  {
    ...Object.fromEntries(['host', 'text', 'name', 'from', 'to', 'contentType'].map((key) => [key, anyName])),
    ...Object.fromEntries(
      ['bytesMax', 'durationMinSec', 'durationMaxSec', 'deadlineSec', 'fromSec', 'waitingMax'].map((key) => [
        key,
        fc.nat(1e9),
      ]),
    ),
    retryAtMs: fc.integer({ min: 1.7e12, max: 2e12 }),
    status: fc.integer({ min: 100, max: 599 }),
    kind: fc.constantFrom(...kinds),
    problem: fc.constantFrom(...problems),
    permission: fc.constantFrom('AttachFiles', 'ViewChannel', 'SomethingNew', 'toString'),
    channelId: fc.constant('1234567890123456789'),
  },
  { requiredKeys: [] },
);

describe.each(languages)('a failure in %s', (_language, texts) => {
  test.each(codes)('%s is one short message with its reference, for any facts', (code) => {
    fc.assert(
      fc.property(anyFacts, fc.boolean(), (facts, retryable) => {
        const reply = failureReply(texts, { code, facts, reference: 'abc234', retryable });
        expectToHold(reply, {
          mentions: ['<#1234567890123456789>', `<t:${Math.ceil(Number(facts.retryAtMs) / 1000)}:R>`],
        });
        const [sentence = '', reference, ...rest] = (reply.content ?? '').split('\n');
        expect(sentence.length).toBeLessThan(600);
        expect(sentence).toMatch(/\.$/);
        expect(reference).toBe(`-# ${texts.query.reference('abc234')}`);
        expect(rest).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

const sentenceOf = (
  code: ErrorCode,
  facts: Record<string, string | number>,
  retryable = false,
  locale: string | null = null,
) => failureReply(textsOf(locale), { code, facts, reference: 'x', retryable }).content?.split('\n')[0];

test('contains the retry time as a Discord timestamp', () => {
  expect(sentenceOf('cooling-down', { retryAtMs: 1_790_000_000_001 }, true)).toMatch(/Try again <t:1790000001:R>\.$/);
  expect(sentenceOf('busy-bot', {}, true)).toMatch(/Try again in a few minutes\.$/);
});

test('does not suggest a retry after a permanent refusal', () => {
  expect(sentenceOf('link-unreachable', { host: 'example.org', status: 404 }, true)).not.toContain('Try again');
  expect(sentenceOf('link-unreachable', { host: 'example.org', status: 503 }, true)).toContain('Try again');
});

test("names the missing permission in the user's language, and the channel", () => {
  const facts = { permission: 'AttachFiles', channelId: '42' };
  expect(sentenceOf('discord-permission', facts)).toBe(
    'I lack the permission **Attach Files** in <#42>. An admin of this server can grant it.',
  );
  expect(sentenceOf('discord-permission', facts, false, 'de')).toContain('**Dateien anhängen** in <#42>');
});

test.each([
  'tool-missing',
  'config-invalid',
  'index-corrupt',
  'catalog-version',
  'catalog-corrupt',
  'disk-full',
  'unauthorized',
] as const)("%s refers to the bot's owner", (code) => {
  expect(sentenceOf(code, {})).toMatch(/The bot's owner has to/);
  expect(sentenceOf(code, {}, false, 'de')).toMatch(/muss der Besitzer des Bots|Der Besitzer des Bots muss/);
});

test.each([
  ['link-refused', refusals],
  ['bad-request', problems],
  ['link-not-audio', ['page', 'encoded', 'message']],
  ['not-allowed', ['other', 'not-yours']],
] as const)('has different texts for the cases of %s', (code, cases) => {
  for (const locale of [null, 'de']) {
    const sentences = cases.map((kind) =>
      sentenceOf(code, { kind, problem: kind, host: 'example.org' }, false, locale),
    );
    expect(new Set(sentences).size).toBe(cases.length);
  }
});

test('formats sizes and durations in the language', () => {
  expect(sentenceOf('audio-too-large', { bytesMax: 2_500_000 })).toContain('2.5 MB');
  expect(sentenceOf('audio-too-large', { bytesMax: 2_500_000 }, false, 'de')).toContain('2,5 MB');
});
