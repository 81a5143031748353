/** What people do with an answer in the web app, in a real browser: refine it with several pieces, vote, choose a part, share it by its
 *  address, record what plays in the room, and sign in with Discord. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord } from '../../../local-discord/local-discord.ts';
import { pageEn } from '../../../web/page/texts/en.ts';
import { peopleEn } from '../../../web/page/texts/people.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { makeBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, type OpenedPage, openPage } from './opened-page.ts';

/** A busy machine may take long. */
const soon = { timeout: 60_000 };
const long = 240_000;

let library: TestLibrary;
let web: TestWeb;
let browser: Browser;
let clip: Buffer;

beforeAll(async () => {
  library = await makeLibrary();
  web = await makeWeb(library, { NEIGHBOURS: '12' }, { page: buildPage });
  // What plays in the room: a piece of the library.
  const room = path.join(library.folder, 'room.wav');
  writePiece(room, 3, 40);
  browser = await launchChromium([
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${room}`,
  ]);
  clip = readFileSync(writePiece(path.join(library.folder, 'clip.mp3'), 2, 40));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await web?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

const dropClip = (opened: OpenedPage) => opened.askWith(clip, soon);

const cardOf = ({ page }: OpenedPage, at: number) => page.getByRole('article').nth(at);
const nameOf = async (opened: OpenedPage, at: number) =>
  ((await cardOf(opened, at).getAttribute('aria-label')) ?? '').replace(/^\d+\. /, '');

describe('an answer', () => {
  test(
    'is refined with pieces to resemble and not to, and tells which one each moment is of',
    async () => {
      await using opened = await openPage(browser, web.url);
      const { page } = opened;
      await dropClip(opened);
      await page.getByRole('button', { name: /^Show / }).click();
      const [liked, alsoLiked, disliked] = [await nameOf(opened, 0), await nameOf(opened, 1), await nameOf(opened, 2)];
      await page.getByRole('button', { name: peopleEn.refine.minusNamed(disliked) }).click();
      const tray = page.getByRole('region', { name: peopleEn.refine.heading });
      await tray.getByText(peopleEn.refine.needsPlus).waitFor();
      expect(await tray.getByRole('button', { name: peopleEn.refine.ask }).isDisabled()).toBe(true);
      for (const name of [liked, alsoLiked])
        await page.getByRole('button', { name: peopleEn.refine.plusNamed(name) }).click();
      await tray.getByText(peopleEn.refine.chipMinus(disliked)).waitFor();
      expect(await opened.seriousFindings()).toEqual([]);
      const before = page.url();
      await tray.getByRole('button', { name: peopleEn.refine.ask }).click();
      await page.waitForURL((url) => url.href !== before && url.pathname.startsWith('/answers/'), soon);
      await cardOf(opened, 0).waitFor(soon);
      await page.getByText(`${liked} + ${alsoLiked} \u2212 ${disliked}`).waitFor();
      // The query tracks are not among the results, and the chips show what was asked.
      for (const card of await page.getByRole('article').all())
        expect([liked, alsoLiked, disliked]).not.toContain(
          ((await card.getAttribute('aria-label')) ?? '').replace(/^\d+\. /, ''),
        );
      await tray.getByText(peopleEn.refine.chipPlus(liked)).waitFor();
      const moment = cardOf(opened, 0).getByRole('group').getByRole('button').first();
      expect(await moment.textContent()).toMatch(new RegExp(`^(${liked}|${alsoLiked}), `));
      await moment.click();
      await expect.poll(() => opened.atSec(), soon).toBeGreaterThan(0.05);
      expect(await opened.player.getByRole('radio', { name: /^Yours/ }).isDisabled()).toBe(false);
      // A piece is taken out again.
      await tray.getByRole('button', { name: peopleEn.refine.remove(disliked) }).click();
      await expect.poll(() => tray.getByText(peopleEn.refine.chipMinus(disliked)).count()).toBe(0);
      expect(await opened.seriousFindings()).toEqual([]);
      expect(opened.complaints).toEqual([]);
    },
    long,
  );

  test(
    'takes votes that are there after a reload, and are withdrawn by the same thumb',
    async () => {
      await using opened = await openPage(browser, web.url);
      await dropClip(opened);
      const up = opened.page.getByRole('button', { name: peopleEn.votes.up(await nameOf(opened, 0)) });
      await up.click();
      await expect.poll(() => up.getAttribute('aria-pressed'), soon).toBe('true');
      await opened.page.waitForLoadState('networkidle');
      await opened.page.reload();
      await expect.poll(() => up.getAttribute('aria-pressed'), soon).toBe('true');
      await up.click();
      await opened.page.waitForLoadState('networkidle');
      await opened.page.reload();
      await expect.poll(() => up.getAttribute('aria-pressed'), soon).toBe('false');
    },
    long,
  );

  test(
    'is asked again with a part that is dragged on the waveform, or set with the keyboard',
    async () => {
      await using opened = await openPage(browser, web.url);
      const { page } = opened;
      await dropClip(opened);
      const lane = page.getByRole('img', { name: pageEn.answer.yoursWaveform });
      const box = await lane.boundingBox();
      if (!box) throw new Error('The waveform is not there');
      await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
      await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
      await page.mouse.up();
      await page.getByRole('button', { name: peopleEn.part.ask('0:10', '0:30') }).waitFor();
      // By the keyboard: half a second later.
      await page.getByRole('slider', { name: peopleEn.part.from }).press('ArrowRight');
      const before = page.url();
      await page.getByRole('button', { name: peopleEn.part.ask('0:10', '0:30') }).click();
      await page.waitForURL((url) => url.href !== before && url.pathname.startsWith('/answers/'), soon);
      await cardOf(opened, 0).waitFor(soon);
      const id = new URL(page.url()).pathname.split('/').at(-1);
      const { answer } = (await (await web.call(`/api/v1/queries/${id}`)).json()) as {
        answer: { query: { fromSec: number; toSec: number } };
      };
      expect(answer.query).toMatchObject({ fromSec: 10.5 });
      expect(answer.query.toSec).toBeLessThanOrEqual(30.5);
    },
    long,
  );

  test(
    'is seen under the address that was copied, in a fresh profile',
    async () => {
      await using opened = await openPage(browser, web.url);
      await dropClip(opened);
      await opened.page.getByRole('button', { name: peopleEn.share.copy }).click();
      const field = opened.page.getByRole('textbox', { name: /^(Copied|Copy this link)/ });
      const address = await field.inputValue();
      expect(address).toMatch(/\/shared\/[\w-]+$/);
      await using fresh = await openPage(browser, address, { viewport: 'phone' });
      const { page } = fresh;
      await expect.poll(() => fresh.heading.textContent(), soon).toMatch(/^This is piece-2/);
      await page.getByText(peopleEn.share.seen).waitFor();
      expect(await page.title()).toMatch(/^This is piece-2/);
      expect(await page.locator('meta[property="og:image"]').getAttribute('content')).toMatch(/picture\.png$/);
      const moments = cardOf(fresh, 0).getByRole('group').getByRole('button');
      expect(await moments.count()).toBe(1);
      await moments.first().click();
      await expect.poll(() => fresh.atSec(), soon).toBeGreaterThan(0.05);
      expect(await fresh.player.getByRole('radio', { name: /^Yours/ }).isDisabled()).toBe(false);
      // Nothing of the owner's: no votes, no refining.
      expect(await page.getByRole('button', { name: /^(Good|Bad) result/ }).count()).toBe(0);
      expect(await fresh.seriousFindings()).toEqual([]);
      expect(await fresh.overflowPx()).toBe(0);
    },
    long,
  );
});

test(
  'a result is posted in the channel for finds by a click, once, and the page links to the post',
  async () => {
    await using bot = await makeBot(library);
    const { discord } = bot;
    const channel = discord.addChannel(discord.defaultGuildId, { name: 'finds' });
    bot.app.catalog.guildSettings.set(discord.defaultGuildId, { shareChannelId: channel });
    await using opened = await openPage(browser, web.url);
    await dropClip(opened);
    const shareFirst = cardOf(opened, 0).getByRole('button', { name: /^Share in Discord: / });
    await shareFirst.click(soon);
    const done = cardOf(opened, 0).getByRole('status').filter({ hasText: peopleEn.share.shared });
    await done.waitFor(soon);
    const [post, another] = discord.messages(channel);
    expect(another).toBeUndefined();
    expect(post?.embeds[0]?.title).toContain(await nameOf(opened, 0));
    const link = done.getByRole('link', { name: peopleEn.share.open });
    expect(await link.getAttribute('href')).toContain(`/${channel}/${post?.id}`);
    expect(await opened.seriousFindings()).toEqual([]);
    // A page that does not know of the post.
    await opened.page.reload();
    await shareFirst.click(soon);
    await cardOf(opened, 0).getByText(peopleEn.share.already).waitFor(soon);
    expect(discord.messages(channel)).toHaveLength(1);
    expect(opened.complaints).toEqual([]);
  },
  long,
);

describe('the microphone', () => {
  test(
    'records what plays in the room, with a level, and asks with it',
    async () => {
      await using opened = await openPage(browser, web.url);
      const { page } = opened;
      await page.getByRole('button', { name: peopleEn.record.start }).click(soon);
      await page.getByRole('status').filter({ hasText: /left$/ }).waitFor(soon);
      const level = page.getByRole('progressbar', { name: peopleEn.record.level });
      await expect.poll(async () => Number(await level.getAttribute('aria-valuenow')), soon).toBeGreaterThan(10);
      expect(await opened.seriousFindings()).toEqual([]);
      await opened.answered(soon);
      await expect.poll(() => opened.heading.textContent(), soon).toMatch(/piece-3/);
    },
    long,
  );

  test(
    'is not asked for when it is cancelled, and a page without HTTPS says why there is none',
    async () => {
      await using opened = await openPage(browser, web.url);
      const { page } = opened;
      await page.getByRole('button', { name: peopleEn.record.start }).click(soon);
      await page.getByRole('button', { name: peopleEn.record.cancel, exact: true }).click(soon);
      await page.getByRole('button', { name: peopleEn.record.start }).waitFor(soon);
      // As on a page that the browser does not trust.
      await page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })");
      await page.getByRole('button', { name: peopleEn.record.start }).click();
      await page.getByText(peopleEn.record.needsHttps).waitFor();
    },
    long,
  );
});

test(
  'the page can be installed: its manifest names icons that are there',
  async () => {
    const html = await (await web.call('/')).text();
    const at = /<link rel="manifest" href="([^"]+)"/.exec(html)?.[1] ?? '';
    const response = await web.call(at);
    expect(response.headers.get('content-type')).toContain('application/manifest+json');
    const manifest = (await response.json()) as { start_url: string; display: string; icons: { src: string }[] };
    expect(manifest).toMatchObject({ start_url: '/', display: 'standalone' });
    for (const { src } of manifest.icons) {
      const icon = await web.call(src);
      expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/png']);
    }
  },
  long,
);

describe('signing in with Discord', () => {
  let discord: LocalDiscord;
  let closed: TestWeb;
  beforeAll(async () => {
    discord = await startLocalDiscord();
    discord.addUser({ name: 'Ada' });
    const elsewhere = discord.addGuild({ name: 'Elsewhere' });
    discord.addChannel(elsewhere, { name: 'general' });
    discord.addUser({ name: 'Eve', guildId: elsewhere });
    closed = await makeWeb(
      library,
      {
        DISCORD_API_URL: discord.apiUrl,
        DISCORD_CLIENT_ID: discord.applicationId,
        DISCORD_CLIENT_SECRET: discord.clientSecret,
        DISCORD_HOME_SERVERS: discord.defaultGuildId,
      },
      { page: buildPage },
    );
  }, 300_000);
  afterAll(async () => {
    await closed?.[Symbol.asyncDispose]();
    await discord?.[Symbol.asyncDispose]();
  });

  test(
    'leads there and back, to the page where it began, and signing out closes the page',
    async () => {
      await using opened = await openPage(browser, `${closed.url}/library`);
      const { page } = opened;
      await page.getByRole('link', { name: peopleEn.signIn }).waitFor(soon);
      expect(await opened.seriousFindings()).toEqual([]);
      await page.getByRole('link', { name: peopleEn.signIn }).click();
      await page.getByRole('button', { name: 'Authorize as Ada' }).click();
      await page.waitForURL('**/library', soon);
      await page.getByLabel(peopleEn.signedInAs('Ada')).waitFor(soon);
      await page.getByRole('link', { name: 'A Titled Piece' }).waitFor(soon);
      expect(await opened.seriousFindings()).toEqual([]);
      await page.getByRole('button', { name: peopleEn.signOut }).click();
      await page.getByRole('link', { name: peopleEn.signIn }).waitFor(soon);
    },
    long,
  );

  test(
    'says why somebody was not let in',
    async () => {
      await using opened = await openPage(browser, closed.url);
      const { page } = opened;
      await page.getByRole('link', { name: peopleEn.signIn }).click(soon);
      await page.getByRole('button', { name: 'Authorize as Eve' }).click();
      await page.getByText(peopleEn.outcomes['no-role'] ?? '').waitFor(soon);
      expect(new URL(page.url()).search).toBe('');
    },
    long,
  );
});
