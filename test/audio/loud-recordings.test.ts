import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { composePiece } from '../support/pieces.ts';
import { decodeAll } from './decode-all.ts';
import { errorRate } from './error-rate.ts';
import { makeTempDir, type TempDir, writeFloatWav } from './make-audio.ts';

const rateHz = 22_050;
const piece = composePiece(5, 30);

let dir: TempDir;
beforeEach(async () => {
  dir = await makeTempDir();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await dir[Symbol.asyncDispose]();
});

/** Puts a program in front of ffmpeg that writes a line for each start. @returns how many there were */
async function countStarts(): Promise<() => Promise<number>> {
  const log = dir.file('starts');
  await writeFile(log, '');
  const { PATH = '' } = process.env;
  await writeFile(dir.file('ffmpeg'), `#!/bin/sh\necho >> '${log}'\nPATH='${PATH}' exec ffmpeg "$@"\n`);
  await chmod(dir.file('ffmpeg'), 0o755);
  vi.stubEnv('PATH', [dir.path, PATH].join(path.delimiter));
  return async () => (await readFile(log, 'utf8')).length;
}

/** @param isLoud which samples get an amplitude of 2 */
const withPeaks = (isLoud: (second: number) => boolean) =>
  piece.map((sample, i) => (isLoud(i / rateHz) ? Math.sign(sample) * 2 : sample));

test.each([
  // As the overshoot of a loud mp3: 1 ms.
  { name: 'for a moment', samples: withPeaks((second) => second > 12 && second < 12.001), runs: 1 },
  // A second at twice the full scale; then the two fingerprints could differ.
  { name: 'for a second', samples: withPeaks((second) => second > 12 && second < 13), runs: 3 },
  { name: 'as 16-bit numbers read as floats', samples: piece.map((sample) => sample * 900), runs: 3 },
])(
  'a recording that exceeds full scale $name has the fingerprint of its music; starts of ffmpeg: $runs',
  async (made) => {
    const plain = await decodeAll(await writeFloatWav(dir.file('plain.wav'), piece, rateHz));
    const file = await writeFloatWav(dir.file('loud.wav'), made.samples, rateHz);
    const starts = await countStarts();
    const { fingerprint } = await decodeAll(file);
    expect(await starts()).toBe(made.runs);
    expect(errorRate(fingerprint, plain.fingerprint)).toBeLessThan(0.15);
  },
);
