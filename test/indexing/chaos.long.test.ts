/** Ten kills in every test run; test/slow makes a hundred. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IndexHost } from '../../src/index/index-host.ts';
import { descendantsOf } from '../embedding-worker/processes.ts';
import {
  contentOf,
  indexer,
  inference,
  isIndexProcess,
  killAtRandomMoments,
  killProcess,
  run,
  worker,
} from './chaos.ts';

let music: string;
let workplace: string;

beforeAll(() => {
  workplace = mkdtempSync(path.join(tmpdir(), 'leitmotif-chaos-'));
  music = mkdtempSync(path.join(tmpdir(), 'leitmotif-chaos-'));
  for (let at = 0; at < 6; at++) writeFileSync(path.join(music, `track ${at}.wav`), wavOf(at));
  writeFileSync(path.join(music, 'not music.mp3'), 'This is a text, whatever it calls itself.');
});

afterAll(() => {
  for (const folder of [workplace, music]) rmSync(folder, { recursive: true, force: true });
});

test('ends with the library of an undisturbed run after 10 kills at random moments', async () => {
  const victims = [indexer, worker, inference];
  const { expected } = await killAtRandomMoments({ music, workplace, kills: 10, seed: 20, victims, asks: false });
  expect(Object.keys(expected.rows)).toHaveLength(6);
  expect(expected.failures).toEqual(['not music.mp3 audio-unreadable']);
}, 600_000);

test('gives the same answers when the index process is killed during queries', async () => {
  const index = mkdtempSync(path.join(workplace, 'index-'));
  expect(await run({ music }, index).exitCode).toBe(0);
  const { catalogId, spaceId, vectors } = await contentOf(index);
  const host = new IndexHost({ indexDir: index, spaceId, catalogId });
  const ask = () => host.neighbours(vectors, 3, AbortSignal.timeout(30_000));
  const expected = (await ask()).perQuery;
  for (let round = 0; round < 2; round++) {
    const asked = ask();
    for (const { pid } of descendantsOf(process.pid).filter(isIndexProcess)) killProcess(pid);
    expect((await asked).perQuery).toEqual(expected);
  }
  await host.close();
});

/** A different chord for each number, a few windows long, as 16-bit mono at 16 kHz. */
function wavOf(number: number): Buffer {
  const rate = 16_000;
  const count = rate * (11 + 3 * number);
  const wav = Buffer.alloc(44 + 2 * count);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * count, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of [16, 0x0001_0001, rate, 2 * rate, 0x0010_0002].entries())
    wav.writeUInt32LE(value, 16 + 4 * at);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * count, 40);
  for (let at = 0; at < count; at++) {
    const sec = at / rate;
    const tone = (ratio: number) => Math.sin(2 * Math.PI * 110 * 1.1 ** number * ratio * sec);
    const beat = 0.6 + 0.4 * Math.sin(2 * Math.PI * (1 + number / 3) * sec);
    wav.writeInt16LE(
      Math.round(7000 * beat * (tone(1) + tone(5 / 4) + tone(3 / 2) + tone(Math.ceil(sec / 4)) / 3)),
      44 + 2 * at,
    );
  }
  return wav;
}
