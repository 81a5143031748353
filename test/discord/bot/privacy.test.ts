/** `/privacy` over the local Discord: one user's data is shown and deleted, and nothing of another user's. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Interaction, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerIdOf, answerTo, embedOf, excerpt, isPrivate, labelsOf, saying } from './asking.ts';
import { postButton } from './posted-button.ts';

const none = { votes: 0, shareVotes: 0, shares: 0, answers: 0, embeddings: 0, jobs: 0 };
const all = { votes: 1, shareVotes: 1, shares: 1, answers: 1, embeddings: 1, jobs: 1 };

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let adasAnswer: APIMessage;
let shown: APIMessage;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  [ada, bob] = [bot.discord.addUser({ name: 'Ada' }), bot.discord.addUser({ name: 'Bob', locale: 'de' })];
  adasAnswer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }));
  const bobsAnswer = await answerTo(await bob.slash('similar', { clip: excerpt(library, 3, 5, 20), results: 2 }));
  for (const [who, answer] of [
    [ada, adasAnswer],
    [bob, bobsAnswer],
  ] as const)
    await fill(who, answer);
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

/** A vote, a share, a vote on it and a job, stored as the bot stores them. */
async function fill({ id: userId }: Person, answer: APIMessage): Promise<void> {
  const { answers, feedback, shares, reindexes } = bot.app.catalog;
  const stored = answers.get(referenceOf(answer));
  if (!stored) throw new Error('Expected a stored answer');
  const { id: answerId, contentSha256, spaceId, generation } = stored;
  feedback.put({ answerId, contentSha256, spaceId, generation, trackId: 1, rank: 1, userId, vote: 1 });
  shares.claim({ id: `share-${userId}`, answerId, trackId: 1, channelId: '5', userId });
  shares.vote(`share-${userId}`, userId, 1);
  const { reindex } = reindexes.ask({
    mode: 'changed',
    requestedBy: userId,
    guildId: null,
    channelId: null,
    locale: 'de',
  });
  reindexes.cancel(reindex.id);
}

function referenceOf(answer: APIMessage): string {
  return answerIdOf(answer) ?? '';
}

function privacyOf(interaction: Interaction): Promise<APIMessage> {
  return interaction.until(({ embeds }) => /^(Your data|Deine Daten)$/.test(embeds[0]?.title ?? ''));
}

const countOf = ({ id }: Person) => bot.app.catalog.people.count(id);

test('shows privately what is stored about the user, and for how long', async () => {
  shown = await privacyOf(await ada.slash('privacy', {}));
  expect(isPrivate(shown)).toBe(true);
  const values = embedOf(shown).fields?.map(({ value }) => value);
  expect(values).toEqual([
    '1 answer with the name, tags and ten-second extracts of the recording, and 1 cached query embedding\n' +
      'Deleted 30 days after the last use.',
    '1 thumb on results, 1 thumb on shared results\nYour id is removed after 365 days.',
    '1 result that you shared in a channel\nYour id is removed after 365 days.',
    '1 reindex job or schedule with your id\nYour id is removed after 365 days.',
  ]);
  expect(labelsOf(shown)).toEqual(['Delete my data']);
});

test("changes nothing when another user presses one's button", async () => {
  const message = await postButton(bot.discord, `lm1:privacy-erase:${ada.id}`, 'Delete my data');
  const said = await saying(await bob.press(message, 'Delete my data'), 'gehört jemand anderem');
  expect(isPrivate(said)).toBe(true);
  expect([countOf(ada), countOf(bob)]).toEqual([all, all]);
});

test('deletes the data and the clips after a restart, while another process holds the catalog', async () => {
  const folder = path.join(library.indexDir, 'answers', referenceOf(adasAnswer));
  expect(existsSync(folder)).toBe(true);
  await bot.restart();
  using lock = new DatabaseSync(bot.app.catalog.path);
  lock.exec('BEGIN IMMEDIATE');
  const press = await ada.press(shown, 'Delete my data');
  await sleep(500);
  expect(countOf(ada)).toEqual(all);
  lock.exec('ROLLBACK');
  const said = await saying(press, 'Your data is deleted:');
  expect(said.content).toContain('- 1 answer with');
  expect(said.components).toEqual([]);
  expect(countOf(ada)).toEqual(none);
  expect(existsSync(folder)).toBe(false);
});

test("leaves the other user's data alone", () => {
  expect(countOf(bob)).toEqual(all);
});

test('a second press is harmless', async () => {
  const message = await postButton(bot.discord, `lm1:privacy-erase:${ada.id}`, 'Delete my data');
  await saying(await ada.press(message, 'Delete my data'), 'Nothing was stored about you any more.');
  expect([countOf(ada), countOf(bob)]).toEqual([none, all]);
});

test('says that nothing is stored, without a button', async () => {
  const { embeds, components } = await privacyOf(await ada.slash('privacy', {}));
  expect(embeds[0]?.description).toMatch(/^Nothing is stored about you\./);
  expect(components).toEqual([]);
});

test('speaks German', async () => {
  const message = await privacyOf(await bob.slash('privacy', {}));
  expect(embedOf(message).fields?.[0]?.value).toMatch(/^1 Antwort mit Name/);
  expect(labelsOf(message)).toEqual(['Meine Daten löschen']);
});
