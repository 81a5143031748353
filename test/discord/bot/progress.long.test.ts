import { setTimeout as sleep } from 'node:timers/promises';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Interaction, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, failureOf, isPrivate, labelsOf, publicMessages, saying } from './asking.ts';
import { signalWorker } from './processes.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let clipNumber = 0;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library, { environment: { QUERIES_AT_ONCE: '1' } });
  ada = bot.discord.addUser({ name: 'Ada' });
  bob = bot.discord.addUser({ name: 'Bob' });
  await answerTo(await ada.slash('similar', { clip: newClip() }));
});

afterEach(() => {
  signalWorker('SIGCONT');
  bot.discord.faults.clear();
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

/** Bytes of no earlier query. */
function newClip() {
  clipNumber++;
  return excerpt(library, 1, clipNumber, 12);
}

const askPrivately = (who: Person) => who.slash('similar', { clip: newClip(), private: true });
const hasCancel = (message: APIMessage) => labelsOf(message).includes('Cancel');
const isWaiting = (place: number) => (message: APIMessage) =>
  message.content === `Waiting: place ${place} in the queue.`;
const cancel = async (who: Person, asked: Interaction) => who.press(await asked.until(hasCancel, 100_000), 'Cancel');

test('a query is acknowledged first, even while the worker is stopped, and shows its progress', async () => {
  signalWorker('SIGSTOP');
  const asked = await ada.slash('similar', { clip: newClip() });
  expect((await asked.ackedAtMs) - asked.sentAtMs).toBeLessThan(1_500);
  await asked.until(({ content }) => /^(Downloading|Listening)/.test(content), 100_000);
  signalWorker('SIGCONT');
  await answerTo(asked);
});

test('progress is edited at most every 2.5 s, and never after the answer', async () => {
  signalWorker('SIGSTOP');
  const asked = await ada.slash('similar', { clip: newClip() });
  await asked.until(hasCancel, 100_000);
  signalWorker('SIGCONT');
  const answer = await answerTo(asked);
  await sleep(3_000);
  const last = asked.edits.at(-1);
  expect(last?.message.content).toBe(answer.content);
  const progress = asked.edits.filter(({ message: { content } }) => content !== '' && content !== answer.content);
  expect(progress.length).toBeGreaterThanOrEqual(2);
  for (const [at, { atMs }] of progress.entries()) {
    const before = progress[at - 1];
    // Measured at sending: transfer times vary.
    if (before) expect(atMs - before.atMs).toBeGreaterThan(2_000);
  }
});

test("Cancel appears after 5 s, works only for the query's user, and leaves nothing in the channel", async () => {
  const before = publicMessages(bot.discord).length;
  signalWorker('SIGSTOP');
  const asked = await ada.slash('similar', { clip: newClip() });
  const withButton = await asked.until(hasCancel, 100_000);
  expect(bot.discord.nowMs() - asked.sentAtMs).toBeGreaterThan(4_500);
  const other = await bob.press(withButton, 'Cancel');
  const refusal = await other.until(({ flags, content }) => Boolean((flags ?? 0) & 64) && content !== '', 100_000);
  expect(refusal.content).toMatch(/not|only|whoever/i);
  expect(asked.original()).not.toBeNull();
  await ada.press(withButton, 'Cancel');
  const told = await saying(asked, 'Cancelled.');
  expect(isPrivate(told)).toBe(true);
  expect(asked.original()).toBeNull();
  expect(publicMessages(bot.discord)).toHaveLength(before);
});

test('after a cancelled query the next one is answered', async () => {
  signalWorker('SIGSTOP');
  const asked = await ada.slash('similar', { clip: newClip() });
  await cancel(ada, asked);
  await saying(asked, 'Cancelled.');
  signalWorker('SIGCONT');
  await answerTo(await askPrivately(ada));
});

test('one query of a user runs and two wait with their place; a fourth is refused with a retry time', async () => {
  signalWorker('SIGSTOP');
  const first = await askPrivately(ada);
  await first.until(({ content }) => content.startsWith('Listening'), 100_000);
  const second = await askPrivately(ada);
  await second.until(isWaiting(1), 100_000);
  const third = await askPrivately(ada);
  await third.until(isWaiting(2), 100_000);
  const refused = await failureOf(await askPrivately(ada));
  expect(refused.content).toMatch(/one running, 2 waiting.*Try again <t:\d+:R>\./);
  const others = await askPrivately(bob);
  await others.until(({ content }) => content.startsWith('Waiting: place'), 100_000);
  await cancel(ada, second);
  await saying(second, 'Cancelled.');
  signalWorker('SIGCONT');
  for (const asked of [first, others, third]) await answerTo(asked);
});

test('a query during the cooldown is refused with a retry time', async () => {
  await bot.restart({ QUERY_COOLDOWN_SEC: '600' });
  await answerTo(await ada.slash('similar', { clip: newClip(), private: true }));
  const refused = await failureOf(await ada.slash('similar', { clip: newClip() }));
  const [, at = ''] = /Try again <t:(\d+):R>\./.exec(refused.content) ?? [];
  expect(Number(at) * 1000 - Date.now()).toBeGreaterThan(500_000);
  expect(isPrivate(refused)).toBe(true);
  await answerTo(await bob.slash('similar', { clip: newClip(), private: true }));
});
