import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { type GatedWindow, relativeToLoudest } from '../../src/audio/gate/recording.ts';
import { composePiece } from '../support/pieces.ts';

const rateHz = 22_050;
const piece = composePiece(4, 20);
const seconds = (length: number, value: (t: number, i: number) => number) =>
  Float32Array.from({ length: length * rateHz }, (_, i) => value(i / rateHz, i));

test.each([-40, -60, -75])('classifies music at %i dB as music', (gainDb) => {
  const quiet = piece.map((sample) => sample * 10 ** (gainDb / 20));
  for (const window of [quiet.subarray(0, 10 * rateHz), quiet.subarray(10 * rateHz)]) {
    expect(classifyWindow(window, rateHz).kind).toBe('music');
  }
});

let random = 1;
const noise = () => {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return random / 2 ** 31 - 1;
};

test.each([
  ['digital silence', seconds(10, () => 0)],
  ['dither of 16 bit', seconds(10, () => (noise() + noise()) / 2 ** 16)],
  ['hiss', seconds(10, () => 10 ** (-60 / 20) * noise())],
  ['mains hum', seconds(10, (t) => 10 ** (-58 / 20) * (Math.sin(314 * t) + 0.3 * Math.sin(942 * t)))],
  ['a constant part', seconds(10, () => 0.01)],
  ['one click', seconds(10, (_, i) => (i === 1000 ? 0.5 : 0))],
  ['music in the last bit only', piece.subarray(0, 10 * rateHz).map((sample) => Math.round(sample * 1.5) / 2 ** 16)],
])('classifies %s as silence', (_, samples) => {
  expect(classifyWindow(samples, rateHz).kind).toBe('silence');
});

async function kindsOf(...windows: readonly GatedWindow[]): Promise<string> {
  const kinds = await Array.fromAsync(relativeToLoudest(Readable.from(windows)), ({ kind }) => kind[0]);
  return kinds.join('');
}
const music = (loudDb: number): GatedWindow => ({ kind: 'music', loudDb });

test('classifies quiet music as music in a quiet recording, and as silence in a loud one', async () => {
  expect(await kindsOf(music(-70), music(-62), music(-85))).toBe('mmm');
  expect(await kindsOf(music(-70), music(-20), music(-62))).toBe('sms');
  expect(await kindsOf(music(-40), music(-62), music(-72))).toBe('mms');
  expect(await kindsOf(music(-54), music(-20))).toBe('mm');
  expect(await kindsOf({ kind: 'silence', loudDb: -100 }, music(-70))).toBe('sm');
});

test('passes a window on as soon as its kind is known', async () => {
  let read = 0;
  async function* windows() {
    for (const each of [music(-20), music(-21), music(-70), music(-22)]) {
      read++;
      yield each;
    }
  }
  const readAt: number[] = [];
  for await (const _ of relativeToLoudest(windows())) readAt.push(read);
  expect(readAt).toEqual([1, 2, 3, 4]);
});
