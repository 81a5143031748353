/** The administration in a real browser, over the real server, worker and indexing processes. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FolderLibrary } from '../../../src/library/folder.ts';
import { adminDe } from '../../../web/page/texts/admin.de.ts';
import { adminEn } from '../../../web/page/texts/admin.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { makeLibrary, never, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { addKey, makeWeb, type TestWeb } from '../running-web.ts';
import { launchChromium, openPage } from './opened-page.ts';

/** Processes of jobs have low priority, so a busy machine gives them little. */
const jobMaxMs = 200_000;
const slow = { timeout: 280_000 };
const tabNames = Object.keys(adminEn.tabs) as (keyof typeof adminEn.tabs)[];

let library: TestLibrary;
let web: TestWeb;
let browser: Browser;

beforeAll(async () => {
  library = await makeLibrary();
  writeFileSync(path.join(library.music, 'broken.ogg'), 'This is no music.');
  await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
  library.app.catalog.guildSettings.set('123456789012345678', { results: 5 });
  web = await makeWeb(library, {}, { page: buildPage });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await web?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const openTab = (name: keyof typeof adminEn.tabs, of: TestWeb = web) => openPage(browser, `${of.url}/admin#${name}`);

describe('the administration', () => {
  test('says what a reindex would do, does it to its end, and shows the new state', slow, async () => {
    writePiece(path.join(library.music, 'piece-7.ogg'), 7, 47);
    await using opened = await openTab('library');
    const { page } = opened;
    await page.getByRole('row', { name: `${adminEn.tracks} 6` }).waitFor();
    await button(page, adminEn.reindex.look).click();
    const plan = page.getByRole('status').filter({ hasText: adminEn.reindex.plan });
    await plan.waitFor({ timeout: jobMaxMs });
    expect(await plan.textContent()).toMatch(/1 new.*6 unchanged/);
    await button(page, adminEn.reindex.begin).click();
    await page.getByRole('progressbar', { name: adminEn.reindex.name }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByRole('row', { name: `${adminEn.tracks} 7` }).waitFor({ timeout: jobMaxMs });
    await page.getByRole('row', { name: /What has changed this machine done$/ }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('cancels a reindex of everything', slow, async () => {
    await using opened = await openTab('library');
    const { page } = opened;
    await page.getByText(adminEn.reindex.modes.everything, { exact: true }).first().click();
    await button(page, adminEn.reindex.begin).click();
    await button(page, adminEn.job.cancelNamed(adminEn.reindex.name)).click();
    await page.getByRole('row', { name: /Everything this machine cancelled$/ }).waitFor({ timeout: jobMaxMs });
    await button(page, adminEn.reindex.begin).waitFor();
  });

  test('tries a failed recording again, and says how often it was tried', slow, async () => {
    await using opened = await openTab('failures');
    const { page } = opened;
    const row = page.getByRole('row', { name: /broken\.ogg/ });
    await row.waitFor({ timeout: jobMaxMs });
    expect(await row.textContent()).toContain(adminEn.failures.reasons['audio-unreadable']);
    expect(await row.textContent()).toContain(adminEn.failures.whenChanged);
    await button(page, adminEn.failures.retryNamed('broken.ogg')).click();
    await row.getByText(adminEn.failures.tries('2')).waitFor({ timeout: jobMaxMs });
    expect(opened.complaints).toEqual([]);
  });

  test('plays examples of a group, marks it as not music after a preview, and lifts the mark', slow, async () => {
    await using opened = await openTab('clusters');
    const { page } = opened;
    const first = page.getByRole('article').first();
    await first.waitFor({ timeout: jobMaxMs });
    await first
      .getByRole('button', { name: /^Play / })
      .first()
      .click();
    await first
      .getByRole('button', { name: /^Stop / })
      .first()
      .waitFor();
    await expect.poll(async () => (await opened.sound()).starts.length, { timeout: 100_000 }).toBe(1);
    await first
      .getByRole('button', { name: /^Stop / })
      .first()
      .click();
    await first
      .getByRole('button', { name: /^Play / })
      .first()
      .waitFor();

    const name = (await first.getAttribute('aria-label')) ?? '';
    await first.getByRole('button', { name: adminEn.clusters.markNamed(name) }).click();
    await first.getByText(/^No answer will use \d+ chunks? in \d+ tracks? any more\.$/).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    // It can still be left as it is.
    await first.getByRole('button', { name: adminEn.clusters.dismiss }).click();
    await first.getByRole('button', { name: adminEn.clusters.markNamed(name) }).click();
    await first.getByRole('button', { name: adminEn.clusters.confirm }).click();
    const marked = page.getByRole('article', { name, exact: true });
    await marked.getByText(adminEn.clusters.marked, { exact: true }).waitFor({ timeout: jobMaxMs });
    expect(library.app.catalog.marks.heads(await library.app.worker.spaceId()).length).toBe(1);
    await marked.getByRole('button', { name: adminEn.clusters.unmarkNamed(name) }).click();
    await marked.getByRole('button', { name: adminEn.clusters.markNamed(name) }).waitFor({ timeout: jobMaxMs });
    expect(library.app.catalog.marks.heads(await library.app.worker.spaceId())).toEqual([]);
    expect(opened.complaints).toEqual([]);
    expect(opened.requestsElsewhere).toEqual([]);
  });

  test('backs up the catalog, says how to restore it, and checks the index', slow, async () => {
    await using opened = await openTab('backups');
    const { page } = opened;
    await page.getByText(adminEn.backups.none).waitFor();
    await button(page, adminEn.backups.begin).click();
    await page.getByText(/^Backed up \d tracks, /).waitFor({ timeout: jobMaxMs });
    const row = page.getByRole('row', { name: /^catalog-\S+\.sqlite (this minute|\d+ minutes? ago) \S+ [kM]B$/ });
    await row.waitFor();
    await page.getByText(/^npm run library -- restore catalog-\S+\.sqlite$/).waitFor();
    await button(page, adminEn.backups.checkBegin).click();
    await page.getByText(adminEn.backups.sound).waitFor({ timeout: jobMaxMs });
    expect(opened.complaints).toEqual([]);
  });

  test('changes the schedule and the settings of a Discord server', async () => {
    await using opened = await openTab('settings');
    const { page } = opened;
    await page.getByLabel(adminEn.settings.when).selectOption(adminEn.settings.presets.own);
    await page.getByLabel(adminEn.settings.cron, { exact: true }).fill('* * * * *');
    await button(page, adminEn.settings.save).click();
    await page.getByText(adminEn.settings.problems['too-often'] ?? '').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByLabel(adminEn.settings.when).selectOption(adminEn.settings.presets.nightly);
    await page.getByLabel(adminEn.settings.timeZone).fill('Europe/Berlin');
    await button(page, adminEn.settings.save).click();
    await page.getByText(/^Set by this machine, /).waitFor();
    expect(library.app.catalog.schedule.get()).toMatchObject({ cron: '0 4 * * *', timeZone: 'Europe/Berlin' });
    await page.getByLabel(adminEn.settings.when).selectOption(adminEn.settings.presets.never);
    await button(page, adminEn.settings.save).click();
    await expect.poll(() => library.app.catalog.schedule.get(), { timeout: 100_000 }).toBeNull();
    await page.getByRole('switch', { name: adminEn.settings.private }).click();
    const of = () => library.app.catalog.guildSettings.get('123456789012345678');
    await expect.poll(of, { timeout: 100_000 }).toMatchObject({ results: 5, private: true });
    expect(opened.complaints.filter((each) => !each.includes('400'))).toEqual([]);
  });

  test(
    'is reached by keyboard, keeps the tab in the address, and reads well on a phone in German, in the dark',
    slow,
    async () => {
      await using opened = await openPage(browser, `${web.url}/admin`, {
        viewport: 'phone',
        locale: 'de',
        colorScheme: 'dark',
      });
      const { page } = opened;
      await page.getByRole('tab', { name: adminDe.tabs.library }).focus();
      for (const name of tabNames) {
        const tab = page.getByRole('tab', { name: adminDe.tabs[name], exact: true });
        if (name !== 'library') await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Enter');
        await expect.poll(() => tab.getAttribute('aria-selected')).toBe('true');
        await page
          .getByRole('tabpanel', { name: adminDe.tabs[name] })
          .getByRole('heading', { level: 2 })
          .first()
          .waitFor();
        await expect.poll(() => page.locator('.mantine-Loader-root').count(), { timeout: jobMaxMs }).toBe(0);
        expect([name, await opened.seriousFindings()]).toEqual([name, []]);
        expect([name, await opened.overflowPx()]).toEqual([name, 0]);
        await tab.focus();
      }
      expect(new URL(page.url()).hash).toBe('#settings');
      await page.reload();
      await page.getByRole('heading', { name: adminDe.settings.schedule }).waitFor();
      expect(opened.complaints).toEqual([]);
    },
  );
});

test('says which worker is not there, and what to do', slow, async () => {
  await using down = await makeWeb(library, { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9' }, { page: buildPage });
  await using opened = await openTab('workers', down);
  const worker = opened.page.getByRole('article', { name: '127.0.0.1:9' });
  await worker.getByText(adminEn.workers.states.unavailable, { exact: true }).waitFor({ timeout: 60_000 });
  expect(await worker.getByRole('alert').textContent()).toContain('EMBEDDING_WORKER_URL');
  expect(await opened.seriousFindings()).toEqual([]);
});

test('shows a caller without the scope the state of the library, and takes an admin key', slow, async () => {
  await using other = await makeLibrary();
  await using closed = await makeWeb(other, {}, { page: buildPage });
  const [asker, owner] = [await addKey(other, 'asker', 'query'), await addKey(other, 'owner', 'admin')];
  await using opened = await openTab('library', closed);
  const { page } = opened;
  const use = async (key: string) => {
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Use it' }).click();
  };
  await use(asker);
  await page.getByRole('heading', { name: adminEn.noScope.heading }).waitFor();
  await page.getByRole('row', { name: `${adminEn.tracks} 6` }).waitFor({ timeout: jobMaxMs });
  expect(await page.getByRole('tab').count()).toBe(0);
  expect(await opened.seriousFindings()).toEqual([]);
  await use(owner);
  await page.getByRole('tab', { name: adminEn.tabs.clusters }).waitFor();
});
