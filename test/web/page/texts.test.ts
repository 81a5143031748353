/** The page's sentences: every failure that the API can tell has one, in both languages, that makes sense in a browser. */
import { describe, expect, test } from 'vitest';
import { type ErrorCode, LeitmotifError } from '../../../src/errors.ts';
import { problemOf, statuses } from '../../../src/web/problems.ts';
import { failureSentence, textsOf } from '../../../web/page/texts/texts.ts';

const codes = Object.keys(statuses) as ErrorCode[];
/** Failures of other programs, and of queries in words, which the page does not send. */
const elsewhere: ReadonlySet<ErrorCode> = new Set([
  ...(['discord-permission', 'discord-unavailable', 'import-refused', 'model-locked', 'busy-server'] as const),
  ...(['model-without-text', 'download-failed', 'download-refused', 'download-corrupt'] as const),
]);

describe.each(['en', 'de'])('in %s', (language) => {
  const texts = textsOf([language]);

  test.each(codes.filter((code) => !elsewhere.has(code)))('%s has a sentence without a bot or its commands', (code) => {
    const sentence = failureSentence(texts, problemOf(new LeitmotifError(code, 'Cannot do it'), 'ab12'), 0);
    expect(sentence).toMatch(/^\p{Lu}.{20,}[.)c]$/u);
    expect(sentence).not.toMatch(/\bbots?\b|\*\*|undefined|Cannot do it| \/\w/i);
  });
});

test('the language is the first one of the browser that the page has', () => {
  expect(textsOf(['fr-FR', 'de-AT', 'en-GB']).language).toBe('de');
  expect(textsOf(['en-GB', 'de']).language).toBe('en');
  expect(textsOf(['fr']).language).toBe('en');
  expect(textsOf([]).language).toBe('en');
});

test('a failure that says when to try again tells it', () => {
  const facts = { retryAtMs: 12_000 };
  const problem = problemOf(new LeitmotifError('cooling-down', 'Too many', { facts }), 'ab12');
  expect(failureSentence(textsOf(['en']), problem, 2_000)).toBe(
    'Please wait a moment between two queries. Try again in 10 seconds.',
  );
});

test("a worker's refusal of the server's token is not one of the caller's key", () => {
  const ofWorker = problemOf(new LeitmotifError('unauthorized', 'The worker refused the token'), 'ab12');
  expect(failureSentence(textsOf(['en']), ofWorker, 0)).toContain('ab12');
});
