/** The README's pictures, from the same steps over the sample library: `npm run screenshots`. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buildPage, startBrowser } from '../../../local-discord/test/page/browser.ts';
import { readConfig } from '../../../src/config/config.ts';
import { cutSample, indexSample, openDemoApp, sampleLibrary } from '../../../src/demo/sample.ts';
import { makeBot } from '../../support/bot.ts';
import { openLibrary, projectRoot } from '../../support/library.ts';
import { hiddenParts, walk } from './journey.ts';

const folder = process.env.SCREENSHOTS_DIR;

/** Runs in the browser. */
const scrollTo = (element: unknown) => (element as { scrollIntoView(): void }).scrollIntoView();

test.runIf(folder)('takes the pictures of the README', { timeout: 180_000 }, async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-screenshots-'));
  const music = sampleLibrary();
  const app = await openDemoApp(readConfig({ INDEX_DIR: indexDir }, projectRoot), music, process.env);
  await indexSample(app, music, AbortSignal.timeout(120_000));
  const { path: clip } = await cutSample(app, music, AbortSignal.timeout(20_000));
  await app.close();

  await using library = openLibrary({ folder: indexDir, music, indexDir });
  await using bot = await makeBot(library, { discord: { page: await buildPage() } });
  await using browser = await startBrowser();
  const { discord } = bot;
  const [ada, ben] = [discord.addUser({ name: 'Ada' }), discord.addUser({ name: 'Ben', locale: 'de' })];
  await using person = await browser.open(discord.url, ada.id);
  const picture = (name: string) => path.join(folder ?? '', `discord-${name}.png`);
  const answer = await walk(person, {
    clip: { name: 'excerpt.mp3', data: readFileSync(clip) },
    results: 3,
    see: async (what) => void (await person.screenshot(picture(what))),
  });
  await answer.evaluate(scrollTo);
  await person.screenshot(picture('answer'));

  await using phone = await browser.open(discord.url, ben.id, { viewport: 'phone', locale: 'de' });
  await phone.run('ähnlich', { stück: 'Legends of the North' });
  const german = phone.message(/Klingt wie/);
  await german.waitFor();
  await german.locator('audio').waitFor();
  await phone.screenshot(picture('phone'));
  expect(await hiddenParts(phone, german, 3)).toEqual([]);
  expect(discord.violations).toEqual([]);
});
