/** Votes can be withdrawn: by an option of the rating select, and by the same thumb again below the clips. */
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, optionsOf, saying } from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let answer: APIMessage;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  [ada, bob] = [bot.discord.addUser({ name: 'Ada' }), bot.discord.addUser({ name: 'Bob' })];
  answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }));
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

const votesOf = ({ id }: Person) => bot.app.catalog.people.count(id).votes;
const rate = (who: Person, value: string) => who.select(answer, 'Rate a piece', [value]);

test("the select's last option withdraws all thumbs of its user on the answer, and no others", async () => {
  expect(optionsOf(answer, 'Rate a piece').at(-1)?.label).toBe('Withdraw my thumbs on this answer');
  for (const who of [ada, bob]) for (const value of ['up-1', 'down-2']) await saying(await rate(who, value), 'Saved');
  expect([votesOf(ada), votesOf(bob)]).toEqual([2, 2]);
  await saying(await rate(ada, 'withdraw'), 'Withdrawn: 2 thumbs on this answer.');
  expect([votesOf(ada), votesOf(bob)]).toEqual([0, 2]);
  await saying(await rate(ada, 'withdraw'), 'You have no thumbs on this answer.');
  expect([votesOf(ada), votesOf(bob)]).toEqual([0, 2]);
});

test('the same thumb again withdraws the vote, and the button shows it', async () => {
  const clips = await (await ada.select(answer, 'Listen to a piece', ['1'])).until(
    ({ attachments }) => attachments.length === 3,
    100_000,
  );
  const stylesAfter = async (label: string, isShown: (text: string) => boolean) => {
    await (await ada.press(clips, label)).until(({ components }) => isShown(JSON.stringify(components)));
  };
  await stylesAfter('👍', (text) => text.includes('"style":3'));
  expect(votesOf(ada)).toBe(1);
  await stylesAfter('👍', (text) => !text.includes('"style":3'));
  expect(votesOf(ada)).toBe(0);
  await stylesAfter('👎', (text) => text.includes('"style":4'));
  expect(votesOf(ada)).toBe(1);
});
