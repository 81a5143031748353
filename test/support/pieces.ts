/** Synthetic music: moving chords, a tune and a beat. Seeds differ in key, tempo, harmony and timbre, as real music does.
 *  All randomness comes from the seed. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const sampleRateHz = 22_050;

/** 32-bit linear congruential generator (Numerical Recipes): [0, 1). */
function randomOf(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @returns mono samples, [-1, 1] */
export function composePiece(seed: number, durationSec: number): Float32Array {
  const random = randomOf(seed);
  const samples = new Float32Array(Math.round(durationSec * sampleRateHz));
  const rootHz = 110 * 2 ** (Math.floor(random() * 12) / 12);
  const beatSec = 0.3 + random() * 0.4;
  const partials = Array.from({ length: 6 }, (_, i) => random() / (i + 1));
  const scale = random() < 0.5 ? [0, 2, 4, 5, 7, 9, 11] : [0, 2, 3, 5, 7, 8, 10];
  const step = () => scale[Math.floor(random() * scale.length)] ?? 0;
  for (let at = 0; at < durationSec; at += beatSec) {
    const chord = [step(), step() + 12, step() + 12, step() + 24];
    for (const semitone of chord) addNote(samples, at, beatSec * 1.5, rootHz * 2 ** (semitone / 12), partials);
    addNoise(samples, at, 0.03 + random() * 0.05, random);
  }
  return samples;
}

function addNote(
  samples: Float32Array,
  atSec: number,
  lengthSec: number,
  hz: number,
  partials: readonly number[],
): void {
  const from = Math.floor(atSec * sampleRateHz);
  const to = Math.min(samples.length, Math.floor((atSec + lengthSec) * sampleRateHz));
  for (let i = from; i < to; i++) {
    const t = (i - from) / sampleRateHz;
    const envelope = 0.06 * Math.min(t / 0.01, 1) * Math.exp(-2 * t);
    let value = 0;
    for (let p = 0; p < partials.length; p++) value += (partials[p] ?? 0) * Math.sin(2 * Math.PI * hz * (p + 1) * t);
    samples[i] = (samples[i] ?? 0) + envelope * value;
  }
}

function addNoise(samples: Float32Array, atSec: number, level: number, random: () => number): void {
  const from = Math.floor(atSec * sampleRateHz);
  const to = Math.min(samples.length, from + Math.floor(0.05 * sampleRateHz));
  for (let i = from; i < to; i++) {
    samples[i] = (samples[i] ?? 0) + level * (random() - 0.5) * (1 - (i - from) / (to - from));
  }
}

/** Writes a piece in the format of the name's ending.
 *  @param options ffmpeg's output options, tags for example */
export function writePiece(file: string, seed: number, durationSec: number, options: readonly string[] = []): string {
  const raw = path.join(path.dirname(file), `.${seed}-${process.pid}.f32`);
  writeFileSync(raw, composePiece(seed, durationSec));
  const input = ['-f', 'f32le', '-ar', String(sampleRateHz), '-ac', '1', '-i', `file:${raw}`];
  ffmpeg(...input, ...options, `file:${file}`);
  rmSync(raw);
  return file;
}

/** Writes a recording that takes long to hear, but not to make: a piece of 50 s, again and again. */
export function writeLongPiece(file: string, seed: number, times: number): string {
  const once = writePiece(path.join(path.dirname(file), `.once-${path.basename(file)}`), seed, 50);
  ffmpeg('-stream_loop', String(times - 1), '-i', `file:${once}`, '-c', 'copy', `file:${file}`);
  rmSync(once);
  return file;
}

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}
