/** Kills of a bot at random moments of a requested reindex, with a fixed seed: its index process ends with it,
 *  the next bot continues the job, and the library equals that of an undisturbed run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { seededRandom } from '../../src/io/random.ts';
import { descendantsOf, eventually, lives } from '../embedding-worker/processes.ts';
import { contentOf, run } from '../indexing/chaos.ts';
import { writePiece } from '../support/pieces.ts';

const kills = Number(process.env.BOT_KILLS ?? 8);
/** About the duration of a reindex of these recordings, one at a time, including the start of its worker. */
const longestMs = 8_000;
const doneWithinMs = 120_000;
const entry = path.join(import.meta.dirname, '../discord/library/reindexing-bot.ts');
let workplace: string;
let music: string;

beforeAll(() => {
  workplace = mkdtempSync(path.join(tmpdir(), 'leitmotif-kills-'));
  music = path.join(workplace, 'music');
  mkdirSync(music);
  for (let at = 0; at < 8; at++) writePiece(path.join(music, `piece ${at}.ogg`), at + 1, 11 + 4 * at);
});
afterAll(() => rmSync(workplace, { recursive: true, force: true }));

test(`loses and duplicates nothing over ${kills} kills of the bot`, async () => {
  const [reference, index] = [path.join(workplace, 'reference'), path.join(workplace, 'index')];
  expect(await run({ music }, reference).exitCode).toBe(0);
  const expected = await contentOf(reference);
  mkdirSync(index);
  using catalog = new Catalog(path.join(index, 'catalog.sqlite'));
  catalog.libraryLocation = `file:${music}`;
  const random = seededRandom(11);
  let done = 0;
  for (let count = 0; count < kills; count++) {
    await botUntil(index, () => delay(random() * longestMs));
    if (catalog.reindexes.last()?.state === 'done') done += 1;
  }
  // A job that was interrupted too often is given up, and the next bot requests a new one.
  for (let bots = 0; bots < 3 && catalog.reindexes.last()?.state !== 'done'; bots++) {
    await botUntil(index, () => closedWithin(catalog, doneWithinMs));
  }
  expect(catalog.reindexes.last()?.state).toBe('done');
  const { rows, details, failures } = await contentOf(index);
  expect(rows).toEqual(expected.rows);
  expect(details).toEqual(expected.details);
  expect(failures).toEqual([]);
  process.stdout.write(`${kills} bots were killed, of whom ${done} had come to the end of their reindex\n`);
}, 600_000);

/** A bot that requests a reindex, or continues the open one, and is killed after a while. */
async function botUntil(indexDir: string, isOver: () => Promise<unknown>): Promise<void> {
  const bot = spawn(process.execPath, [entry, indexDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(bot.stdout, 'data');
  await isOver();
  const started = descendantsOf(bot.pid ?? -1).map(({ pid }) => pid);
  bot.kill('SIGKILL');
  await eventually(() => started.every((pid) => !lives(pid)));
}

async function closedWithin(catalog: Catalog, withinMs: number): Promise<void> {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await delay(100)) {
    if (catalog.reindexes.open() === null) return;
  }
}
