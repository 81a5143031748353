/** Looking around in the web app in a real browser, over one real server: the library and a track. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FolderLibrary } from '../../../src/library/folder.ts';
import { pageEn } from '../../../web/page/texts/en.ts';
import { libraryDe } from '../../../web/page/texts/library.de.ts';
import { libraryEn } from '../../../web/page/texts/library.en.ts';
import { mapEn } from '../../../web/page/texts/map.en.ts';
import { peopleEn } from '../../../web/page/texts/people.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { factsOf, recordingOf } from '../../catalog/helpers.ts';
import { makeLibrary, never, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, type OpenedPage, type OpenOptions, openPage } from './opened-page.ts';

/** A busy machine may take long. */
const soon = { timeout: 100_000 };
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
  // The first map is made once, by a process of its own.
  while ((await web.call('/api/v1/map')).status === 202) await new Promise((resolve) => setTimeout(resolve, 500));
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
    await page.getByText('16 tracks').waitFor();
    await page.getByRole('link', { name: 'Sheet 423' }).waitFor();
    await page.reload();
    await page.getByText('16 tracks').waitFor();
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

describe('the map', () => {
  interface Spot {
    readonly id: number;
    readonly x: number;
    readonly y: number;
  }

  /** Where the tracks are on the screen, while the whole map is shown. */
  async function spotsOn(opened: OpenedPage): Promise<Spot[]> {
    const box = (await opened.page.locator('canvas').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const map = (await (await web.call('/api/v1/map')).json()) as Record<'ids' | 'x' | 'y', number[]>;
    const side = Math.min(box.width, box.height) * 0.94;
    const left = box.x + (box.width - side) / 2;
    const top = box.y + (box.height - side) / 2;
    return map.ids.map((id, at) => ({
      ...{ id, x: left + ((map.x[at] ?? 0) / 65_535) * side, y: top + ((map.y[at] ?? 0) / 65_535) * side },
    }));
  }

  /** Whether something is drawn at a place. */
  function isDrawnAt(opened: OpenedPage, { x, y }: Spot): Promise<boolean> {
    return opened.page.evaluate<boolean>(`(() => {
      const canvas = document.querySelector('canvas');
      const { left, top, width } = canvas.getBoundingClientRect();
      const ratio = canvas.width / width;
      return canvas.getContext('2d').getImageData((${x} - left) * ratio, (${y} - top) * ratio, 1, 1).data[3] > 0;
    })()`);
  }

  async function openMap(options: OpenOptions = {}): Promise<OpenedPage> {
    const opened = await openPage(browser, `${web.url}/map`, options);
    await opened.page.locator('canvas').waitFor();
    await opened.page
      .getByRole('region', { name: /^(Tracks|Stücke) in/ })
      .getByRole('listitem')
      .first()
      .waitFor();
    return opened;
  }

  /** Draws around everything, by the button. */
  async function drawAroundAll({ page }: OpenedPage): Promise<void> {
    await page.getByRole('button', { name: mapEn.lasso }).click();
    const box = (await page.locator('canvas').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + 8, box.y + 8);
    await page.mouse.down();
    for (const [x, y] of [
      [box.width - 8, 8],
      [box.width - 8, box.height - 8],
      [8, box.height - 8],
    ] as const)
      await page.mouse.move(box.x + x, box.y + y, { steps: 4 });
    await page.mouse.up();
  }

  async function idsOnMap(): Promise<number[]> {
    return ((await (await web.call('/api/v1/map')).json()) as { ids: number[] }).ids;
  }

  /** The tracks that the answer under the page's address was asked with. */
  async function askedWith({ page }: OpenedPage): Promise<number[]> {
    await page.waitForURL(/\/answers\//);
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const { answer } = (await (await web.call(`/api/v1/queries/${id}`)).json()) as {
      answer: { query: { tracks: { plus: { trackId: number }[]; minus: unknown[] } } };
    };
    expect(answer.query.tracks.minus).toEqual([]);
    return answer.query.tracks.plus.map(({ trackId }) => trackId);
  }

  test('names and plays the track that is pointed at, and opens it', async () => {
    await using opened = await openMap();
    const { page } = opened;
    const [spot] = (await spotsOn(opened)) as [Spot];
    const track = (await (await web.call(`/api/v1/tracks/${spot.id}`)).json()) as { title: string | null; key: string };
    const name = track.title ?? track.key.replace(/\.ogg$/, '');
    await page.mouse.move(spot.x + 2, spot.y);
    await page.locator('.map-card').getByText(name).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByRole('switch', { name: mapEn.hearPointed }).click();
    await page.mouse.move(spot.x + 60, spot.y + 60);
    await page.mouse.move(spot.x, spot.y);
    await opened.player.getByText(name).waitFor();
    await isPlaying(opened);
    await page.mouse.click(spot.x, spot.y);
    await page.waitForURL(`**/tracks/${spot.id}`);
    expect(opened.complaints).toEqual([]);
  });

  test('is drawn, moved by keys, and what is drawn around is listed and asked with', async () => {
    await using opened = await openMap({ colorScheme: 'dark' });
    const { page } = opened;
    const spots = await spotsOn(opened);
    const [first] = spots as [Spot];
    await expect.poll(() => isDrawnAt(opened, first), soon).toBe(true);
    // Around the first only.
    await page.keyboard.down('Shift');
    await page.mouse.move(first.x - 12, first.y - 12);
    await page.mouse.down();
    for (const [x, y] of [
      [12, -12],
      [12, 12],
      [-12, 12],
    ] as const)
      await page.mouse.move(first.x + x, first.y + y, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const one = page.getByRole('region', { name: mapEn.selected('1 track') });
    await one.getByRole('button', { name: mapEn.clear }).waitFor();
    // Its own button in the list asks with it.
    expect(await one.getByRole('button', { name: peopleEn.refine.ask }).count()).toBe(0);
    await drawAroundAll(opened);
    const all = page.getByRole('region', { name: mapEn.selected('6 tracks') });
    await expect.poll(() => all.getByRole('listitem').count(), soon).toBe(6);
    await page.getByRole('button', { name: mapEn.clear }).click();
    await page.getByText(mapEn.by.artist, { exact: true }).click();
    await page.getByRole('list', { name: mapEn.colourBy }).getByText('Somebody').waitFor();
    // By keys: the first track leaves its place.
    await page.locator('canvas').focus();
    // The page may have been scrolled.
    const [moved] = (await spotsOn(opened)) as [Spot];
    await expect.poll(() => isDrawnAt(opened, moved), soon).toBe(true);
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => isDrawnAt(opened, moved), soon).toBe(false);
    await page.keyboard.press('0');
    await expect.poll(() => isDrawnAt(opened, moved), soon).toBe(true);
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: pageEn.answer.askWithNamed('A Titled Piece') }).click();
    await page.waitForURL(/\/answers\//);
    expect(opened.complaints).toEqual([]);
  });

  test('asks with all tracks that are drawn around', async () => {
    await using opened = await openMap();
    await drawAroundAll(opened);
    const all = opened.page.getByRole('region', { name: mapEn.selected('6 tracks') });
    expect(await opened.seriousFindings()).toEqual([]);
    await all.getByRole('button', { name: peopleEn.refine.ask }).click();
    expect((await askedWith(opened)).sort()).toEqual((await idsOnMap()).sort());
    const tray = opened.page.getByRole('region', { name: peopleEn.refine.heading });
    await tray.getByText(peopleEn.refine.chipPlus('A Titled Piece')).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('fits a phone', async () => {
    await using opened = await openMap({ viewport: 'phone', locale: 'de' });
    expect(await opened.overflowPx()).toBe(0);
    expect(await opened.cutTexts()).toEqual([]);
    expect(await opened.seriousFindings()).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('shows tracks that are new, and of more than ten asks with the most central; a removed track leaves it', async () => {
    const before = await idsOnMap();
    for (let seed = 7; seed <= 12; seed++) writePiece(path.join(library.music, `piece-${seed}.ogg`), seed, 15);
    const index = () => library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
    await index();
    const countOnMap = async () => (await idsOnMap()).length;
    const remade = { timeout: 60_000, interval: 500 };
    await expect.poll(countOnMap, remade).toBe(12);
    await using opened = await openMap();
    await drawAroundAll(opened);
    const all = opened.page.getByRole('region', { name: mapEn.selected('12 tracks') });
    const names = all.getByRole('listitem').getByRole('link');
    await expect.poll(() => names.count(), soon).toBe(12);
    const hrefs = () => names.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    // The list moves while the map is read again after its tracks have changed.
    let listed: readonly (string | null)[] = [];
    const isStill = async () => {
      const before = listed;
      listed = await hrefs();
      return isDeepStrictEqual(listed, before);
    };
    await expect.poll(isStill, { ...soon, interval: 1_000 }).toBe(true);
    await all.getByRole('button', { name: mapEn.askWithFirst(10) }).click();
    expect(await askedWith(opened)).toEqual(listed.slice(0, 10).map((href) => Number(href?.split('/').at(-1))));

    const [gone = 0] = (await idsOnMap()).filter((id) => !before.includes(id));
    const track = (await (await web.call(`/api/v1/tracks/${gone}`)).json()) as { key: string };
    rmSync(path.join(library.music, track.key));
    await index();
    await expect.poll(countOnMap, remade).toBe(11);
    expect(await idsOnMap()).not.toContain(gone);
  }, 240_000);
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

  test('has room for the match of its neighbours, on a phone in German', async () => {
    const options = { viewport: 'phone', locale: 'de' } as const;
    await using opened = await openPage(browser, `${web.url}/library?q=piece-2`, options);
    await opened.page.getByRole('link', { name: 'piece-2' }).click();
    const neighbours = opened.page.getByRole('region', { name: libraryDe.neighbours });
    await neighbours
      .getByText(/^Ähnlichkeit \d+$/)
      .first()
      .waitFor();
    expect(await opened.cutTexts()).toEqual([]);
    expect(await opened.overflowPx()).toBe(0);
  });

  test('that is not there says so', async () => {
    await using opened = await openPage(browser, `${web.url}/tracks/999999`);
    await opened.page.getByRole('alert').waitFor();
    await opened.page.goto(`${web.url}/tracks/none`);
    await opened.page.getByRole('button', { name: pageEn.toStart }).click();
    await opened.page.getByRole('button', { name: pageEn.ask.choose }).waitFor();
  });
});
