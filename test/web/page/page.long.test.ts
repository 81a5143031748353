/** The web app in a real browser, over the real server, worker and index: from a dropped recording to its answer and its sound. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryDe } from '../../../src/discord/texts/query.de.ts';
import { adminEn } from '../../../web/page/texts/admin.en.ts';
import { pageDe } from '../../../web/page/texts/de.ts';
import { pageEn } from '../../../web/page/texts/en.ts';
import { libraryEn } from '../../../web/page/texts/library.en.ts';
import { peopleEn } from '../../../web/page/texts/people.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../../support/library.ts';
import { writeLongPiece, writePiece } from '../../support/pieces.ts';
import { addKey, makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, type OpenedPage, openPage } from './opened-page.ts';

const gzippedMax = 250_000;
/** A busy machine may take long. */
const soon = { timeout: 100_000 };

let library: TestLibrary;
let web: TestWeb;
let browser: Browser;
let clip: Buffer;

beforeAll(async () => {
  library = await makeLibrary();
  web = await makeWeb(library, { NEIGHBOURS: '12' }, { page: buildPage });
  browser = await launchChromium();
  clip = readFileSync(writePiece(path.join(library.folder, 'clip.mp3'), 2, 40));
});
afterAll(async () => {
  await browser?.close();
  await web?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

const dropClip = (opened: OpenedPage) => opened.askWith(clip);

function momentsOf(opened: OpenedPage, card = 0) {
  return opened.page.getByRole('article').nth(card).getByRole('group').getByRole('button');
}

async function isAdvancing(opened: OpenedPage): Promise<void> {
  await expect.poll(() => opened.atSec(), soon).toBeGreaterThan(0.05);
  const before = await opened.atSec();
  await expect.poll(() => opened.atSec(), soon).toBeGreaterThan(before);
}

describe('the page', () => {
  test('takes at most 250 kB gzipped to load', async () => {
    const folder = await buildPage();
    const packed = readdirSync(folder).filter((name) => name.endsWith('.gz'));
    await using opened = await openPage(browser, 'about:blank');
    const loaded = new Set(['index.html.gz']);
    opened.page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/app/')) loaded.add(`${path.basename(pathname)}.gz`);
    });
    await opened.page.goto(web.url);
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    await opened.page.waitForLoadState('networkidle');
    expect(loaded.size).toBeGreaterThan(3);
    // What draws the map is loaded with the map.
    expect([...loaded].join(' ')).not.toContain('map-');
    const bytes = [...loaded].reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
    process.stdout.write(`The web app's first load: ${Math.round(bytes / 1000)} kB gzipped\n`);
    expect(bytes).toBeLessThan(gzippedMax);
    for (const name of packed) {
      const url = name.startsWith('index.html') ? '/' : `/app/${name.replace(/\.gz$/, '')}`;
      const response = await web.call(url, { headers: { 'accept-encoding': 'gzip' } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(await response.text()).toBe(readFileSync(path.join(folder, name.replace(/\.gz$/, '')), 'utf8'));
      expect(
        (await web.call(url, { headers: { 'accept-encoding': 'identity' } })).headers.get('content-encoding'),
      ).toBe(null);
    }
    expect((await web.call('/app/missing.js')).status).toBe(404);
    expect((await web.call('/app/..%2f..%2fpackage.json')).status).toBe(400);
  });

  test('takes a dropped recording, shows progress and the answer, plays both sides, and shows the answer again', async () => {
    await using opened = await openPage(browser, web.url);
    const { page } = opened;
    await page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    const hasProgress = page.getByRole('progressbar').waitFor();
    await opened.drop('clip.mp3', clip);
    await hasProgress;
    await opened.answered();
    await expect.poll(() => opened.heading.textContent(), soon).toMatch(/^This is piece-2, from 0:00/);
    const best = page.getByRole('article').first();
    expect(await best.textContent()).toContain('match 100 · the same recording');
    // Results that are not near are shown on request.
    const cards = page.getByRole('article');
    const near = await cards.count();
    await page.getByRole('button', { name: /^Show \d more \(not close\)$/ }).click();
    await expect.poll(() => cards.count(), soon).toBe(6);
    expect(near).toBeLessThan(6);
    expect(await cards.last().getAttribute('aria-label')).toMatch(/^6\. /);
    // The dropped recording's own waveform, and the result's.
    await expect.poll(() => page.locator('.lane .wave[d^="M0.0"]').count(), soon).toBeGreaterThan(1);

    // Theirs, then yours from the same place.
    await momentsOf(opened).first().click();
    await isAdvancing(opened);
    const theirsAt = await opened.atSec();
    const started = await opened.sound();
    expect(started.starts.length).toBe(2);
    expect(started.starts[0]).toEqual(started.starts[1]);
    expect(started.levels.yours).toBe(0);
    expect(started.levels.theirs).toBeGreaterThan(0.1);
    await page.keyboard.press('a');
    const yours = opened.player.getByRole('radio', { name: /^Yours/ });
    await expect.poll(() => yours.isChecked(), soon).toBe(true);
    const yoursAt = await opened.atSec();
    expect(yoursAt).toBeGreaterThanOrEqual(theirsAt);
    expect(yoursAt - theirsAt).toBeLessThan(3);
    // The same two sources go on, and only their levels have changed.
    await expect.poll(async () => (await opened.sound()).levels.theirs, soon).toBeLessThan(0.01);
    const switched = await opened.sound();
    expect(switched.starts).toEqual(started.starts);
    expect(switched.levels.yours).toBeGreaterThan(0.1);
    await page.keyboard.press('b');
    await expect.poll(() => yours.isChecked(), soon).toBe(false);
    expect(await opened.atSec()).toBeGreaterThanOrEqual(yoursAt);

    // The keyboard: pause, two seconds back and on again. On a slow machine it may stand at the end.
    await page.locator('h1').click();
    await page.keyboard.press(' ');
    await opened.player.getByRole('button', { name: pageEn.player.play, exact: true }).waitFor();
    const pausedAt = await opened.atSec();
    const back = Math.max(0, pausedAt - 2);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => opened.atSec(), soon).toBeCloseTo(back, 1);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => opened.atSec(), soon).toBeCloseTo(back + 2, 1);

    // Another moment: yours comes from the dropped recording.
    await momentsOf(opened).nth(1).click();
    await isAdvancing(opened);
    expect(await yours.isDisabled()).toBe(false);
    await page.getByRole('img', { name: /^Match picture/ }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    expect(await opened.overflowPx()).toBe(0);

    const address = page.url();
    const verdict = await opened.heading.textContent();
    await page.reload();
    await opened.answered();
    expect(page.url()).toBe(address);
    expect(await opened.heading.textContent()).toBe(verdict);
    await momentsOf(opened).first().click();
    await isAdvancing(opened);
    expect(await yours.isDisabled()).toBe(false);
    expect(opened.complaints).toEqual([]);
    expect(opened.requestsElsewhere).toEqual([]);
  });

  test('leads to the library, a track and the administration, each under its address, on a phone too', async () => {
    await using opened = await openPage(browser, web.url, { viewport: 'phone' });
    const { page } = opened;
    const nav = page.getByRole('navigation');
    await nav.getByRole('link', { name: libraryEn.nav, exact: true }).click();
    await page.waitForURL('**/library');
    await expect.poll(() => page.title(), soon).toBe(`${libraryEn.heading} - ${pageEn.title}`);
    expect(await nav.locator('[aria-current=page]').textContent()).toBe(libraryEn.nav);
    // A screen reader goes on in the new page.
    expect(await page.evaluate('document.activeElement.localName')).toBe('main');
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByRole('link', { name: 'A Titled Piece' }).first().click();
    await page.waitForURL(/\/tracks\/\d+$/);
    await expect.poll(() => opened.heading.textContent(), soon).toBe('A Titled Piece');
    expect(await opened.seriousFindings()).toEqual([]);
    await page.reload();
    await page.getByRole('button', { name: pageEn.answer.askWith }).click();
    await opened.answered();
    await expect.poll(() => opened.heading.textContent(), soon).toMatch(/\S/);
    await nav.getByRole('link', { name: adminEn.nav, exact: true }).click();
    await page.getByRole('row', { name: `${adminEn.tracks} 6` }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    expect(await opened.overflowPx()).toBe(0);
    await page.goBack();
    await page.waitForURL(/\/answers\//);
    await page.getByRole('article').first().waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('asks with a track of the answer, and plays both sides of all its moments', async () => {
    await using opened = await openPage(browser, web.url);
    await dropClip(opened);
    const first = opened.page.url();
    const second = opened.page.getByRole('article').nth(1);
    const name = (await second.getAttribute('aria-label'))?.replace(/^2\. /, '') ?? '';
    await second.getByRole('button', { name: peopleEn.refine.moreNamed(name) }).click();
    await opened.page.waitForURL((url) => url.href !== first && url.pathname.startsWith('/answers/'));
    await opened.page.getByText(pageEn.answer.query(name, '0:47')).waitFor();
    await momentsOf(opened).nth(1).click();
    await isAdvancing(opened);
    await opened.player.getByText(/^Yours/).click();
    expect(await opened.player.getByRole('radio', { name: /^Yours/ }).isChecked()).toBe(true);
    await isAdvancing(opened);
    await opened.page.goBack();
    await expect.poll(() => opened.page.url(), soon).toBe(first);
    await expect.poll(() => opened.heading.textContent(), soon).toMatch(/^This is piece-2/);
    expect(opened.complaints).toEqual([]);
  });

  test('works on a phone in German, in the dark', async () => {
    await using opened = await openPage(browser, web.url, { viewport: 'phone', locale: 'de', colorScheme: 'dark' });
    const choose = opened.page.getByRole('button', { name: pageDe.ask.choose });
    await choose.waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    const choosing = opened.page.waitForEvent('filechooser');
    await choose.click();
    await (await choosing).setFiles({ name: 'clip.mp3', mimeType: 'audio/mpeg', buffer: clip });
    await opened.answered();
    expect(await opened.heading.textContent()).toBe(
      queryDe.verdict({ kind: 'this-is', name: 'piece-2', offsetSec: 0, fasterPercent: null }),
    );
    await momentsOf(opened).first().click();
    await opened.player.getByRole('button', { name: pageDe.player.pause }).waitFor();
    expect(await opened.overflowPx()).toBe(0);
    expect(await opened.seriousFindings()).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('says what to try when a file is no recording, a link leads nowhere good, or several files are dropped', async () => {
    await using opened = await openPage(browser, web.url);
    const alert = opened.page.getByRole('alert');
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    await opened.drop('notes.txt', Buffer.from('This is a shopping list: bread, milk, cheese.'), 'text/plain');
    await expect.poll(() => alert.textContent(), soon).toMatch(/cannot read this file as audio.*Please send an mp3/);
    await opened.paste({ text: 'http://169.254.169.254/latest/meta-data' });
    await expect.poll(() => alert.textContent(), soon).toMatch(/public addresses.*send the file itself/);
    expect(await opened.seriousFindings()).toEqual([]);
    await opened.page.getByLabel(pageEn.ask.link).fill('piece.mp3');
    await opened.page.getByRole('button', { name: pageEn.ask.askWithLink, exact: true }).click();
    await opened.page.getByText(pageEn.ask.notALink).waitFor();
    await opened.paste({ name: 'clip.mp3', data: clip });
    await opened.answered();
  });

  test('cancels a query that runs', async () => {
    await using opened = await openPage(browser, web.url);
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    const long = readFileSync(writeLongPiece(path.join(library.folder, 'long.mp3'), 9, 10));
    await opened.drop('long.mp3', long);
    await opened.page
      .getByRole('status')
      .filter({ hasText: /Listening|Starting/ })
      .waitFor();
    await opened.page.getByRole('button', { name: 'Cancel' }).click();
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    const metrics = async () => (await web.call('/metrics')).text();
    await expect.poll(metrics, soon).toMatch(/cancelled/);
    expect(await opened.page.getByRole('alert').count()).toBe(0);
  });

  test('says that an answer is not there, and leads back', async () => {
    await using opened = await openPage(browser, `${web.url}/answers/nosuchanswer`);
    await expect
      .poll(() => opened.page.getByRole('alert').textContent(), soon)
      .toContain(pageEn.failure.own['not-found']);
    await opened.page.getByRole('button', { name: pageEn.toStart }).click();
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
    expect(new URL(opened.page.url()).pathname).toBe('/');
  });
});

test('says so when the worker is down', async () => {
  await using down = await makeWeb(library, { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9' }, { page: buildPage });
  await using opened = await openPage(browser, down.url);
  await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
  const other = readFileSync(writePiece(path.join(library.folder, 'other.mp3'), 11, 20));
  await opened.drop('other.mp3', other);
  await expect
    .poll(() => opened.page.getByRole('alert').textContent(), { timeout: 50_000 })
    .toContain(pageEn.failure.own['worker-unavailable']);
});

test('asks for the API key once, keeps it in the tab, and shows the answer to its key only', async () => {
  await using other = await makeLibrary();
  const key = await addKey(other, 'page', 'query');
  await using closed = await makeWeb(other, {}, { page: buildPage });
  await using opened = await openPage(browser, closed.url);
  const field = opened.page.getByLabel(pageEn.key.label);
  await field.fill('lm_wrong');
  expect(await opened.seriousFindings()).toEqual([]);
  await opened.page.getByRole('button', { name: pageEn.key.use }).click();
  await opened.page.getByText(pageEn.key.refused).waitFor();
  await field.fill(key);
  await opened.page.getByRole('button', { name: pageEn.key.use }).click();
  await dropClip(opened);
  await momentsOf(opened).first().click();
  await isAdvancing(opened);
  await opened.page.getByRole('img', { name: /^Match picture/ }).waitFor();
  await opened.page.reload();
  await opened.answered();
  await using stranger = await openPage(browser, opened.page.url());
  await stranger.page.getByLabel(pageEn.key.label).fill(await addKey(other, 'other', 'query'));
  await stranger.page.getByRole('button', { name: pageEn.key.use }).click();
  await expect
    .poll(() => stranger.page.getByRole('alert').textContent(), soon)
    .toContain(pageEn.failure.own['not-found']);
});

test('npm run web prints the address of the page', async () => {
  const env = { ...process.env, INDEX_DIR: library.indexDir, WEB_PORT: '0', LOG_LEVEL: 'silent' };
  const program = spawn(process.execPath, [path.join(projectRoot, 'src/web.ts')], { env, cwd: library.folder });
  try {
    let printed = '';
    program.stdout.on('data', (bytes) => {
      printed += String(bytes);
    });
    await expect.poll(() => printed, { timeout: 50_000 }).toMatch(/^Leitmotif is at http:\/\/127\.0\.0\.1:\d+\n/);
    const url = /http:\S+/.exec(printed)?.[0] ?? '';
    await using opened = await openPage(browser, url);
    await opened.page.getByText(pageEn.ask.library('6 tracks')).waitFor();
  } finally {
    program.kill('SIGTERM');
    await once(program, 'exit');
  }
});
