/** Looking around in the web app in a real browser, over one real server: the library and a track. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageEn } from '../../../web/page/texts/en.ts';
import { libraryDe } from '../../../web/page/texts/library.de.ts';
import { libraryEn } from '../../../web/page/texts/library.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { factsOf, recordingOf } from '../../catalog/helpers.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, type OpenedPage, openPage } from './opened-page.ts';

/** A busy machine may take long. */
const soon = { timeout: 20_000 };
/** More than are loaded at once. */
const listed = 600;

let library: TestLibrary;
let web: TestWeb;
let browser: Browser;

beforeAll(async () => {
  library = await makeLibrary();
  // Tracks of another model's space: they are listed, and no answer has them.
  for (let number = 0; number < listed; number++) {
    const tags = { title: `Sheet ${String(number).padStart(3, '0')}`, artist: `Artist ${number % 7}`, album: null };
    library.app.catalog.embeddings.put(factsOf(`sheets/${number}.mp3`), { ...recordingOf(['music']), tags });
  }
  web = await makeWeb(library, { WEB_PLAY_LIBRARY: 'true' }, { page: buildPage });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await web?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

function rows(opened: OpenedPage) {
  return opened.page.getByRole('table').getByRole('row');
}

function firstTitle(opened: OpenedPage): Promise<string | null> {
  return opened.page.locator('tbody .cell-title').first().textContent();
}

async function isPlaying(opened: OpenedPage): Promise<void> {
  await opened.player.getByRole('button', { name: pageEn.player.pause }).waitFor();
  await expect.poll(() => opened.atSec(), soon).toBeGreaterThan(0.05);
}

describe('the library', () => {
  test('is searched, sorted and scrolled to its end, and the address keeps what is shown', async () => {
    await using opened = await openPage(browser, `${web.url}/library`);
    const { page } = opened;
    await page.getByText(`${listed + 6} tracks`).waitFor();
    // Tracks without a title are first.
    await expect.poll(() => firstTitle(opened), soon).toBe('piece-1');
    expect(await rows(opened).count()).toBeLessThan(80);
    expect(await opened.seriousFindings()).toEqual([]);
    // Scrolling loads more, and only the rows near the window are in the page.
    const last = page.getByRole('link', { name: 'Sheet 599' });
    for (let scrolled = 0; scrolled < 40 && (await last.count()) === 0; scrolled++) {
      await page.mouse.wheel(0, 6_000);
      await page.waitForTimeout(150);
    }
    await last.waitFor();
    expect(await rows(opened).count()).toBeLessThan(80);

    await page.getByLabel(libraryEn.sort).selectOption('artist');
    await page.getByRole('button', { name: libraryEn.ascending }).click();
    await page.waitForURL(/sort=artist.*order=desc/);
    await expect.poll(() => firstTitle(opened), soon).toBe('A Titled Piece');
    await page.getByRole('button', { name: 'Duration' }).click();
    await page.waitForURL((url) => url.search === '?sort=duration');
    const sorted = page.getByRole('columnheader', { name: 'Duration' });
    expect(await sorted.getAttribute('aria-sort')).toBe('ascending');

    await page.getByLabel(libraryEn.search).fill('eet 42');
    await page.getByText('10 tracks').waitFor();
    await page.getByRole('link', { name: 'Sheet 423' }).waitFor();
    await page.reload();
    await page.getByText('10 tracks').waitFor();
    expect(await page.getByLabel(libraryEn.search).inputValue()).toBe('eet 42');
    await page.getByLabel(libraryEn.search).fill('xyzzy');
    await page.getByText(libraryEn.none).waitFor();
    expect(await opened.overflowPx()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test('plays a track, on a phone in German', async () => {
    await using opened = await openPage(browser, `${web.url}/library?q=titled`, {
      ...({ viewport: 'phone', locale: 'de', colorScheme: 'dark' } as const),
    });
    await opened.page.getByRole('button', { name: libraryDe.hear('A Titled Piece') }).click();
    await opened.player.getByRole('button', { name: 'Anhalten' }).waitFor();
    expect((await opened.sound()).starts.length).toBe(1);
    expect(await opened.overflowPx()).toBe(0);
    expect(await opened.seriousFindings()).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
});

describe('a track', () => {
  test('has a waveform to play from, neighbours to go to, and is asked with', async () => {
    await using opened = await openPage(browser, `${web.url}/library?q=piece-2`);
    const { page } = opened;
    await page.getByRole('link', { name: 'piece-2' }).click();
    await expect.poll(() => opened.heading.textContent(), soon).toBe('piece-2');
    await page.locator('.lane .wave[d^="M0.0"]').waitFor();
    const lane = page.getByRole('img', { name: libraryEn.waveform('piece-2') });
    const box = await lane.boundingBox();
    await lane.click({ position: { x: (box?.width ?? 0) / 2, y: 20 } });
    await isPlaying(opened);
    await page.getByRole('button', { name: libraryEn.hearFrom('0:23') }).waitFor();
    // The same by keys.
    await page.getByRole('slider', { name: libraryEn.from }).press('End');
    await page.getByRole('button', { name: libraryEn.hearFrom('0:46') }).waitFor();
    await page.locator('audio').waitFor();
    const neighbours = page.getByRole('region', { name: libraryEn.neighbours }).getByRole('link');
    await neighbours.first().waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    const name = (await neighbours.first().textContent()) ?? '';
    expect(name).not.toBe('piece-2');
    await neighbours.first().click();
    await expect.poll(() => opened.heading.textContent(), soon).toBe(name);
    await page.getByRole('button', { name: pageEn.answer.askWith }).click();
    await page.waitForURL(/\/answers\//);
    expect(opened.complaints).toEqual([]);
  });

  test('that is not there says so', async () => {
    await using opened = await openPage(browser, `${web.url}/tracks/999999`);
    await opened.page.getByRole('alert').waitFor();
    await opened.page.goto(`${web.url}/tracks/none`);
    await opened.page.getByRole('button', { name: pageEn.toStart }).click();
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
  });
});
