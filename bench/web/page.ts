/** Measures the page in Chromium: what the first load transfers, when it can be used on a slow processor, and the map's frames. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../local-discord/test/page/browser.ts';
import { seededRandom } from '../../src/io/random.ts';
import { met, milliseconds } from '../bot/stage.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { type WebBenchOptions, WebProcess } from './process.ts';

export interface PageBenchResult {
  /** Transferred by the first page, with headers. */
  readonly loadBytes: number;
  readonly mapBytes: number;
  /** Milliseconds from the request to a page that reacts, by how many times the processor is slowed. */
  readonly usableMs: ReadonlyMap<number, readonly number[]>;
  /** Points -> frames a second while the map is moved. */
  readonly framesPerSec: ReadonlyMap<number, number>;
}

const rounds = 5;
const slowdowns = [1, 4];
const mapSizes = [10_000, 100_000];
const movedForMs = 4_000;
const targets = { loadBytes: 250_000, framesPerSec: 50 };

export async function benchPage({ environment, log }: WebBenchOptions): Promise<PageBenchResult> {
  const indexDir = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-page-'));
  await using ending = new AsyncDisposableStack();
  ending.defer(() => rm(indexDir, { recursive: true }));
  const web = ending.use(await WebProcess.start(indexDir, environment));
  // The page is built on first use.
  await (await fetch(web.url)).text();
  const browser = ending.use(await launchChromium());
  const loadBytes = await transferred(browser, web.url, '.drop-zone');
  const usableMs = new Map<number, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const slowdown of slowdowns) {
      const took = await usableAfter(browser, web.url, slowdown);
      usableMs.set(slowdown, [...(usableMs.get(slowdown) ?? []), took]);
    }
  }
  log('first load measured');
  const framesPerSec = new Map<number, number>();
  for (const size of mapSizes) framesPerSec.set(size, await moveMap(browser, web.url, size));
  const mapBytes = await transferred(browser, `${web.url}/map`, 'h1');
  return { loadBytes, mapBytes, usableMs, framesPerSec };
}

async function transferred(browser: Browser, url: string, until: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.goto(url);
  await page.locator(until).first().waitFor();
  await page.waitForLoadState('networkidle');
  await context.close();
  return bytes;
}

/** Until the form is there and a click would be handled at once. */
async function usableAfter(browser: Browser, url: string, slowdown: number): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  // Not waitForFunction: it needs eval, which the page's content security policy forbids.
  await page.addInitScript(`
    globalThis.usableMs = new Promise((resolve) => {
      new MutationObserver((_, seen) => {
        if (!document.querySelector('.drop-zone button')) return;
        seen.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      }).observe(document, { childList: true, subtree: true });
    });
  `);
  await page.goto(url);
  const took = await page.evaluate<number>('usableMs');
  await context.close();
  return took;
}

/** @returns frames a second */
async function moveMap(browser: Browser, url: string, size: number): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const body = JSON.stringify(syntheticMap(size));
  await page.route('**/api/v1/map', (route) => route.fulfill({ contentType: 'application/json', body }));
  await page.goto(`${url}/map`);
  await page.locator('canvas').waitFor();
  await page.waitForTimeout(500);
  const framesPerSec = await page.evaluate<number>(`new Promise((resolve) => {
    const canvas = document.querySelector('canvas');
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const startedAt = performance.now();
    let frames = 0;
    const step = () => {
      const passedMs = performance.now() - startedAt;
      if (passedMs > ${movedForMs}) return resolve((frames * 1000) / passedMs);
      frames += 1;
      canvas.dispatchEvent(new WheelEvent('wheel', {
        deltaY: Math.floor(passedMs / 500) % 2 === 0 ? -12 : 12, bubbles: true, cancelable: true,
        clientX: left + width / 2, clientY: top + height / 2,
      }));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
  await context.close();
  return framesPerSec;
}

/** Groups of points, as a library has them. */
function syntheticMap(size: number) {
  const random = seededRandom(3);
  const centres = Array.from({ length: 12 }, () => [random(), random()] as const);
  const ids = Array.from({ length: size }, (_, at) => at + 1);
  const around = (axis: 0 | 1) =>
    ids.map((id) => {
      const spread = (random() + random() + random() - 1.5) * 0.12;
      return Math.round(Math.min(1, Math.max(0, (centres[id % 12]?.[axis] ?? 0) + spread)) * 65_535);
    });
  const groups = ids.map((id) => id % 12);
  const none = ids.map(() => -1);
  const columns = { cluster: groups, artist: none, album: none, artists: [], albums: [] };
  return { generation: 'synthetic', ids, x: around(0), y: around(1), ...columns };
}

export function renderPageBench({ loadBytes, mapBytes, usableMs, framesPerSec }: PageBenchResult): string {
  const kB = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`;
  const rows = [
    ['first load of /, transferred', kB(loadBytes), kB(targets.loadBytes), met(loadBytes <= targets.loadBytes)],
    ['first load of /map, without the coordinates', kB(mapBytes), '', ''],
    ...[...usableMs].map(([slowdown, ms]) => {
      return [
        `until it can be used, processor ${slowdown === 1 ? 'as it is' : `${slowdown} times slower`}`,
        milliseconds(median(ms)),
        '',
        '',
      ];
    }),
    ...[...framesPerSec].map(([points, frames]) => {
      const target =
        points === 100_000 ? [String(targets.framesPerSec), met(frames >= targets.framesPerSec)] : ['', ''];
      return [`map of ${points} points, frames a second while moved`, frames.toFixed(0), ...target];
    }),
  ];
  return table(['the page in Chromium', 'median', 'target', 'met'], rows);
}
