/** Small models for the tests with real servers, written by the commands that operators use. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { EmbeddedRecording } from '../../src/domain.ts';
import { writeWav } from '../embedding-worker/sounds.ts';
import { writeTinyModels } from '../embedding-worker/tiny-models.ts';
import { projectRoot } from '../support/library.ts';
import { installReferenceModel } from '../support/reference-models.ts';

/** CLAP and wav2vec2 in small, with random weights, and a model that gives NaN for loud windows. */
export const modelNames = ['clap-random', 'wav2vec2-random', 'loud-nan'] as const;
const sampleRateHz = 16_000;

export function writeModels(modelsDir: string): void {
  installReferenceModel(modelsDir, 'clap-random');
  installReferenceModel(modelsDir, 'wav2vec2-random');
  writeTinyModels(modelsDir, [{ name: 'loud-nan', kind: 'loud-nan' }]);
}

/** `npm run models -- triton|mlflow DIR --model NAME` */
export async function runModels(modelsDir: string, command: 'triton' | 'mlflow', dir: string, model: string) {
  const args = ['src/cli.ts', 'models', command, dir, '--model', model];
  const env = { PATH: process.env.PATH, MODELS_DIR: modelsDir, INDEX_DIR: path.join(dir, 'no-index') };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectRoot, env });
  return stdout;
}

/** Tones of ten seconds each.
 *  @param peaks of each window, in (0, 1] */
export function tones(folder: string, name: string, peaks: readonly number[]): string {
  const windowSamples = 10 * sampleRateHz;
  const samples = Float32Array.from({ length: peaks.length * windowSamples }, (_, i) => {
    const window = Math.floor(i / windowSamples);
    return (peaks[window] ?? 0) * Math.sin((2 * Math.PI * 220 * (window + 1) * i) / sampleRateHz);
  });
  return writeWav(path.join(folder, `${name}.wav`), samples);
}

/** Prepared CLAP windows, all different. */
export function windows(count: number, from = 0): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from({ length: 1001 * 64 }, (_, at) => 20 * Math.sin(at * (from + i + 1)) - 30),
  );
}

/** Equal but for rounding. */
export function expectSameVectors(got: EmbeddedRecording, expected: EmbeddedRecording): void {
  expect(got.spaceId).toBe(expected.spaceId);
  expect(got.chunks.map(({ index }) => index)).toEqual(expected.chunks.map(({ index }) => index));
  got.chunks.forEach(({ vector }, i) => {
    const known = expected.chunks[i]?.vector ?? new Float32Array();
    expect(largestDifference(vector, known)).toBeLessThan(1e-5);
  });
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}
