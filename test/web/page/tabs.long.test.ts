/** A browser that is closed in the middle, and two tabs at once. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageEn } from '../../../web/page/texts/en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { writeLongPiece, writePiece } from '../../support/pieces.ts';
import { makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, openPage } from './opened-page.ts';

let library: TestLibrary;
let web: TestWeb;
let browser: Browser;
/** A busy machine may take long. */
const soon = { timeout: 50_000 };

beforeAll(async () => {
  library = await makeLibrary();
  web = await makeWeb(library, { NEIGHBOURS: '12' }, { page: buildPage });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await web?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

test('a page that is closed in the middle takes its query with it, and leaves no file', {
  timeout: 120_000,
}, async () => {
  const long = readFileSync(writeLongPiece(path.join(library.folder, 'long.mp3'), 9, 10));
  await using opened = await openPage(browser, web.url);
  await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
  await opened.drop('long.mp3', long);
  await opened.page
    .getByRole('status')
    .filter({ hasText: /Listening/ })
    .waitFor();
  // As a person closes a tab; otherwise the page gets no event.
  await opened.page.close({ runBeforeUnload: true });
  const metrics = async () => (await web.call('/metrics')).text();
  await expect.poll(metrics, soon).toContain('web_query_outcomes_total{outcome="cancelled"} 1');
  await expect.poll(() => globSync('spool/web/*/uploads/*', { cwd: library.indexDir }), soon).toEqual([]);
});

test('two tabs that ask at once each show their own answer', async () => {
  await using one = await openPage(browser, web.url);
  await using other = await openPage(browser, web.url);
  const tabs = [
    { opened: one, seed: 1 },
    { opened: other, seed: 3 },
  ];
  for (const { opened } of tabs) await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
  await Promise.all(
    tabs.map(({ opened, seed }) =>
      opened.drop(`tab-${seed}.mp3`, readFileSync(writePiece(path.join(library.folder, `tab-${seed}.mp3`), seed, 40))),
    ),
  );
  for (const { opened, seed } of tabs) {
    await expect.poll(() => opened.heading.textContent(), soon).toMatch(new RegExp(`^This is piece-${seed}`));
    expect(opened.complaints).toEqual([]);
  }
  expect(one.page.url()).not.toBe(other.page.url());
});
