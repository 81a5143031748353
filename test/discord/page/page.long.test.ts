/** The page with the real bot behind it, in a real browser. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPage, type PageBrowser, startBrowser } from '../../../local-discord/test/page/browser.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { hiddenParts, walk } from './journey.ts';

let library: TestLibrary;
let bot: TestBot;
let browser: PageBrowser;

beforeAll(async () => {
  library = await makeLibrary();
  // The nearest windows of a generated track are its own: more neighbours find further tracks.
  bot = await makeBot(library, { discord: { page: await buildPage() }, environment: { NEIGHBOURS: '12' } });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

test('a user drops a clip, plays the answer, votes, shows more and shares; private messages stay private', async () => {
  const { discord } = bot;
  const [ada, ben] = [discord.addUser({ name: 'Ada' }), discord.addUser({ name: 'Ben' })];
  const file = writePiece(path.join(library.folder, 'clip.mp3'), 2, 40);
  await using person = await browser.open(discord.url, ada.id);
  await using other = await browser.open(discord.url, ben.id, { viewport: 'phone', locale: 'de' });
  await walk(person, { clip: { name: 'clip.mp3', data: readFileSync(file) }, results: 1 });

  const own = await person.messages.count();
  await expect.poll(() => other.messages.count(), { timeout: 100_000 }).toBe(2);
  expect(own).toBeGreaterThan(2);
  expect(await other.overflowPx()).toBe(0);
  expect(await person.overflowPx()).toBe(0);
  expect([...person.requestsElsewhere, ...other.requestsElsewhere]).toEqual([]);
  expect(discord.violations).toEqual([]);
});

test('on a phone, a user sees the verdict, three pieces, the player and the controls without scrolling', async () => {
  const { discord } = bot;
  const clara = discord.addUser({ name: 'Clara', locale: 'de' });
  await using phone = await browser.open(discord.url, clara.id, { viewport: 'phone', locale: 'de' });
  await phone.run('ähnlich', { stück: 'piece-5' });
  const answer = phone.message(/Klingt wie|Am nächsten|Nichts/);
  await answer.locator('audio').waitFor();
  await answer.getByRole('button', { name: 'Teilen' }).waitFor();
  expect(await hiddenParts(phone, answer, 3)).toEqual([]);
  expect(await phone.overflowPx()).toBe(0);
});

test('failures are reported privately, and the channel stays unchanged', async () => {
  const { discord } = bot;
  const ada = discord.addUser({ name: 'Ada again' });
  await using person = await browser.open(discord.url, ada.id);
  const before = discord.messages(discord.defaultChannelId).length;
  await person.run('similar', { link: 'http://169.254.169.254/latest/meta-data' });
  await person.message('Only you can see this').waitFor();
  await expect.poll(() => discord.messages(discord.defaultChannelId).filter(({ flags }) => !flags).length).toBe(before);
});
