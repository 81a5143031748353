/** The results of Python for the reference signals (training/reference/README.md). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ReferenceSignal } from './reference-signals.ts';

export const referenceFolder = path.join(import.meta.dirname, '../fixtures/reference');

export interface ReferenceWindow extends ReferenceSignal {
  /** Of the signal: see `sha256OfSignal`. */
  readonly sha256: string;
}

export interface ReferenceVectors {
  readonly sampleRateHz: number;
  readonly dimensions: number;
  /** `vector` as `floatsOf` reads it, of length 1. */
  readonly windows: readonly (ReferenceWindow & { readonly vector: string })[];
}

export interface ClapVectors extends ReferenceVectors {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[]; readonly vector: string }[];
}

export interface ClapFrontEndTable {
  readonly sampleRateHz: number;
  /** Indices of the frames that are stored whole. */
  readonly frames: readonly number[];
  /** dB: `frames` [frames, 64]; over all frames `bandMeans` and `bandDeviations` [64]; `frameMeans` [1001]. */
  readonly windows: readonly (ReferenceWindow & {
    readonly frames: string;
    readonly bandMeans: string;
    readonly bandDeviations: string;
    readonly frameMeans: string;
  })[];
}

export function readReference<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(referenceFolder, name), 'utf8')) as T;
}

/** base64 of little-endian float32. */
export function floatsOf(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

export function nameOf({ kind, samples }: ReferenceSignal, sampleRateHz: number): string {
  return `${(samples / sampleRateHz).toFixed(3)} s of ${kind}`;
}
