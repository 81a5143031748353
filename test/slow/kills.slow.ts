/** A hundred kills at random moments of indexing runs over real files, with a fixed seed: `npm run test:slow`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decoder, indexer, indexProcess, inference, killAtRandomMoments, worker } from '../indexing/chaos.ts';
import { writePiece } from '../support/pieces.ts';

const kills = Number(process.env.KILLS ?? 100);
let music: string;
let workplace: string;

beforeAll(() => {
  workplace = mkdtempSync(path.join(tmpdir(), 'leitmotif-kills-'));
  music = mkdtempSync(path.join(tmpdir(), 'leitmotif-kills-'));
  for (let at = 0; at < 12; at++) {
    writePiece(path.join(music, `piece ${at}.${['mp3', 'ogg', 'flac', 'm4a'][at % 4]}`), at + 1, 11 + at);
  }
  writeFileSync(path.join(music, 'not music.mp3'), 'This is a text, whatever it calls itself.');
});

afterAll(() => {
  for (const folder of [workplace, music]) rmSync(folder, { recursive: true, force: true });
});

test(`loses and duplicates nothing over ${kills} kills of all processes, and refuses no query meanwhile`, async () => {
  const victims = [indexer, worker, inference, decoder, indexProcess];
  const startedAt = performance.now();
  const told = await killAtRandomMoments({ music, workplace, kills, seed: 5, victims, asks: true });
  expect(Object.keys(told.expected.rows)).toHaveLength(12);
  expect(told.finished).toBeGreaterThan(0);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify(told.killed)}, ${told.finished} libraries came to their end, ${seconds} s\n`);
}, 1_800_000);
