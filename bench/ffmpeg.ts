/** ffmpeg for the benchmarks: makes damaged copies and decodes for the baselines. The product itself uses src/audio. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Fingerprint } from '../src/domain.ts';

const run = promisify(execFile);

/** The largest decoded answer: 40 minutes at 16 kHz. */
const outputBytesMax = 40 * 60 * 16_000 * 4;

export async function ffmpeg(args: readonly string[]): Promise<Buffer> {
  const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'];
  const { stdout } = await run('ffmpeg', [...quiet, ...args], { encoding: 'buffer', maxBuffer: outputBytesMax });
  return stdout;
}

export interface Excerpt {
  readonly path: string;
  readonly fromSec?: number;
  readonly durationSec?: number;
}

/** ffmpeg's input options for an excerpt. */
export function inputArgs({ path, fromSec, durationSec }: Excerpt): string[] {
  const from = fromSec === undefined ? [] : ['-ss', String(fromSec)];
  const length = durationSec === undefined ? [] : ['-t', String(durationSec)];
  return [...from, ...length, '-i', path];
}

/** Mono samples in [-1, 1], shape [samples]. */
export async function decodeMono(excerpt: Excerpt, sampleRateHz: number): Promise<Float32Array> {
  const output = ['-map', '0:a:0', '-ac', '1', '-ar', String(sampleRateHz), '-f', 'f32le', '-'];
  const bytes = await ffmpeg([...inputArgs(excerpt), ...output]);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer);
}

/** Root mean square, in dB of full scale. */
export function levelDb(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return 10 * Math.log10(Math.max(power, 1e-12));
}

/** Chromaprint's hop: a third of a 4096-sample frame at 11,025 Hz. */
const fingerprintItemSec = 1365 / 11_025;

/** Uses the same muxer and settings as src/audio. */
export async function fingerprintOf(excerpt: Excerpt): Promise<Fingerprint> {
  const output = ['-map', '0:a:0', '-ac', '1', '-ar', '16000', '-f', 'chromaprint', '-fp_format', 'raw', '-'];
  const bytes = await ffmpeg([...inputArgs(excerpt), ...output]);
  const words = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { items: new Uint32Array(words), itemSec: fingerprintItemSec };
}
