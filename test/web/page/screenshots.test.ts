/** The pictures of the web app in docs/, over the sample library: `npm run screenshots`. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { cutSample, indexSample, openDemoApp, sampleLibrary } from '../../../src/demo/sample.ts';
import { adminEn } from '../../../web/page/texts/admin.en.ts';
import { libraryEn } from '../../../web/page/texts/library.en.ts';
import { buildPage } from '../../../web/page-build.ts';
import { openLibrary, projectRoot } from '../../support/library.ts';
import { makeWeb } from '../running-web.ts';
import { launchChromium, openPage } from './opened-page.ts';

const folder = process.env.SCREENSHOTS_DIR;
const never = new AbortController().signal;

test.runIf(folder)('takes the pictures of the web app', { timeout: 400_000 }, async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-screenshots-'));
  const music = sampleLibrary();
  const app = await openDemoApp(readConfig({ INDEX_DIR: indexDir }, projectRoot), music, process.env);
  await indexSample(app, music, never);
  const { path: clip } = await cutSample(app, music, never);
  const recording = readFileSync(clip);
  await app.close();

  await using library = openLibrary({ folder: indexDir, music, indexDir });
  await using web = await makeWeb(library, {}, { page: buildPage });
  await using browser = await launchChromium();
  for (const [viewport, locale, colorScheme, name] of [
    ['desktop', 'en-GB', 'light', 'web-app.png'],
    ['phone', 'de', 'dark', 'web-app-phone.png'],
  ] as const) {
    await using opened = await openPage(browser, web.url, { viewport, locale, colorScheme });
    const { page } = opened;
    await page.locator('.drop-zone').waitFor();
    await opened.drop('excerpt.mp3', recording);
    await page.getByRole('article').first().waitFor();
    await page.getByRole('group').first().getByRole('button').first().click();
    await opened.player.getByRole('button', { name: /^(Pause|Anhalten)$/ }).waitFor();
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(2_500);
    await page.screenshot({ path: path.join(folder ?? '', name) });
    expect(await opened.overflowPx()).toBe(0);
    expect(await opened.seriousFindings()).toEqual([]);
  }

  await using opened = await openPage(browser, `${web.url}/library`);
  const { page } = opened;
  await page.getByRole('table').waitFor();
  await page.screenshot({ path: path.join(folder ?? '', 'web-library.png') });
  await page.getByRole('table').getByRole('link', { name: 'Battle Music' }).click();
  await page.getByRole('region', { name: libraryEn.neighbours }).getByRole('listitem').first().waitFor();
  await page.locator('.lane .wave[d^="M0.0"]').waitFor();
  await page.getByRole('button', { name: /^Hear from/ }).click();
  await opened.player.getByRole('button', { name: 'Pause' }).waitFor();
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: path.join(folder ?? '', 'web-track.png') });
  // Made at low priority, so a busy machine takes long.
  while ((await web.call('/api/v1/map')).status === 202) await page.waitForTimeout(500);
  await page.goto(`${web.url}/map`);
  await page.locator('canvas').waitFor();
  await page.getByRole('listitem').last().waitFor();
  // From the middle outwards, until the pointer is next to a track.
  const box = (await page.locator('canvas').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  for (let step = 0; step < 200 && (await page.locator('.map-card').count()) === 0; step++) {
    const [angle, distance] = [step / 3, step * 1.5];
    const [x, y] = [Math.cos(angle) * distance, Math.sin(angle) * distance];
    await page.mouse.move(box.x + box.width / 2 + x, box.y + box.height / 2 + y);
  }
  await page.locator('.map-card').waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: path.join(folder ?? '', 'web-map.png') });
  await page.goto(`${web.url}/admin#clusters`);
  const groups = page.getByRole('article');
  await groups.first().waitFor({ timeout: 200_000 });
  await groups
    .first()
    .getByRole('button', { name: /is not music$/ })
    .click();
  await groups.first().getByRole('button', { name: adminEn.clusters.confirm }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: path.join(folder ?? '', 'web-app-admin.png') });
  expect(await opened.seriousFindings()).toEqual([]);
});
