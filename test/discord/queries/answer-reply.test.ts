/** Order and number of clip cuts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { AnswerPresenter } from '../../../src/discord/queries/answer-reply.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { Result } from '../../../src/query/answer.ts';
import type { StoredAnswer } from '../../../src/query/stored-answer.ts';
import type { Services } from '../../../src/services/services.ts';
import { anyAnswer } from '../../support/answers.ts';
import { never } from '../../support/library.ts';

const [answer] = fc.sample(
  anyAnswer.filter(({ results }) => results.length >= 5 && results.every(({ hits }) => hits.length > 0)),
  { numRuns: 1, seed: 1 },
);
if (!answer) throw new Error('no answer was made');
const stored = { id: 'abcdefghij12', answer, source: { kind: 'clip', name: 'a.mp3' }, options: { results: 5 } };
const storedAnswer = stored as unknown as StoredAnswer;
const resultOf = (rank: number) => answer.results[rank - 1] as Result;

/** Records the requested cuts, and finishes each only on `goOn`. */
function makePresenter() {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-clips-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clip = path.join(folder, 'clip.mp3');
  writeFileSync(clip, 'x');
  const begun: string[] = [];
  const waiting: (() => void)[] = [];
  const cut = async (name: string) => {
    begun.push(name);
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const queries = {
    answerFiles: { dirOf: () => folder, extract: () => null },
    picture: async () => new Uint8Array(),
    resultClips: async (_answer: unknown, { rank }: Result) => {
      await cut(`pressed ${rank}`);
      return { theirs: clip, yours: null, ab: null };
    },
    libraryClip: async (_answer: unknown, { rank }: Result) => {
      await cut(`answer ${rank}`);
      return clip;
    },
  };
  return { presenter: new AnswerPresenter({ queries } as unknown as Services), begun, goOn: () => waiting.shift()?.() };
}

test("cuts an answer's own clips before those of pressed buttons", async () => {
  const { presenter, begun, goOn } = makePresenter();
  const presses = [1, 2, 3, 4].map((rank) => presenter.clips(storedAnswer, resultOf(rank), never));
  await expect.poll(() => begun).toEqual(['pressed 1', 'pressed 2']);
  const options = { texts: textsOf(null), page: 0, fromMemory: false, queryPath: null, signal: never };
  const page = presenter.page(storedAnswer, { ...options, attachmentLimitBytes: 1e7, mayAttach: true });
  await new Promise(setImmediate);
  goOn();
  await expect.poll(() => begun[2]).toBe('answer 1');
  const timer = setInterval(goOn, 5);
  await Promise.all([page, ...presses]);
  clearInterval(timer);
  // The answer's clip is the first piece's alone.
  expect(begun.filter((name) => name.startsWith('answer'))).toEqual(['answer 1']);
});

test("cuts a result's clips once for concurrent presses, and checks the disk again for later ones", async () => {
  const { presenter, begun, goOn } = makePresenter();
  const press = () => presenter.clips(storedAnswer, resultOf(1), never);
  const both = [press(), press()];
  await expect.poll(() => begun.length).toBe(1);
  goOn();
  const [one, other] = await Promise.all(both);
  expect(other).toBe(one);
  expect(begun).toEqual(['pressed 1']);
  const later = press();
  await expect.poll(() => begun.length).toBe(2);
  goOn();
  await later;
});
