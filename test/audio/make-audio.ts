/** Sounds for tests, made at run time by ffmpeg or by code; no audio is committed. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { AudioLimits } from '../../src/audio/limits.ts';

const run = promisify(execFile);

export const limits: AudioLimits = {
  deadlineMs: 60_000,
  durationMaxSec: 4 * 3600,
  bytesMax: 500_000_000,
  memoryMaxBytes: 2 ** 31,
};

export const never = new AbortController().signal;

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  file(name: string): string;
}

export async function makeTempDir(): Promise<TempDir> {
  const dir = await mkdtemp(path.join(tmpdir(), 'leitmotif-audio-'));
  return {
    path: dir,
    file: (name) => path.join(dir, name),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A tone of 440 Hz with rising volume, so that its windows differ.
 *  @param encoding ffmpeg's output options; the name's ending gives the container */
export async function makeTone(file: string, durationSec: number, encoding: readonly string[] = []): Promise<string> {
  return makeSound(file, `aevalsrc=0.3*sin(2*PI*440*t)*(0.6+0.4*sin(t)):d=${durationSec}:s=44100`, encoding);
}

/** @param source as for ffmpeg's lavfi */
export async function makeSound(file: string, source: string, encoding: readonly string[] = []): Promise<string> {
  await ffmpeg('-f', 'lavfi', '-i', source, ...encoding, `file:${file}`);
  return file;
}

export async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);
}

/** Writes a WAVE file of float32 samples unchanged, NaN and infinity included. */
export async function writeFloatWav(file: string, samples: Float32Array, sampleRateHz: number): Promise<string> {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(3, 20); // IEEE float
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRateHz, 24);
  head.writeUInt32LE(sampleRateHz * 4, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(32, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.byteLength, 40);
  await writeFile(file, Buffer.concat([head, Buffer.from(samples.buffer)]));
  return file;
}
