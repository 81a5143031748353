/** Spaces for comparisons: the product's and the baselines, cut and searched in the same way. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Chunk, ChunkSpan } from '../../src/domain.ts';
import { aligned, byteCache } from '../cache.ts';
import { decodeMono } from '../ffmpeg.ts';
import { tenSecondSpans } from '../models/windows.ts';
import { floorSampleRateHz, meanChroma, mfccStatistics } from './floor-features.ts';

/** A recording, or a part of one. */
export interface Passage {
  readonly path: string;
  readonly fromSec?: number;
  readonly toSec?: number;
}

export interface BenchSpace {
  readonly name: string;
  /** The passage's chunks that vote. */
  readonly embed: (passage: Passage) => Promise<readonly Chunk[]>;
  /** Fits the space's normalisation to a library's vectors; the product's space needs none. */
  readonly fit: (library: readonly Float32Array[]) => (vector: Float32Array) => Float32Array;
}

type Feature = (samples: Float32Array) => Float32Array;

export function mfccFloor(cacheDir: string): BenchSpace {
  return { name: 'mfcc', embed: cachedFeature(cacheDir, 'mfcc', mfccStatistics), fit: standardise };
}

export function chromaFloor(cacheDir: string): BenchSpace {
  return { name: 'chroma', embed: cachedFeature(cacheDir, 'chroma', meanChroma), fit: () => (vector) => vector };
}

/** The identity of a cached result: another file of the same name has another one. */
export function passageIdentity({ path, fromSec, toSec }: Passage): unknown {
  const { size, mtimeMs } = statSync(path);
  return [path, size, Math.round(mtimeMs), fromSec ?? null, toSec ?? null];
}

function cachedFeature(cacheDir: string, name: string, feature: Feature): BenchSpace['embed'] {
  const cache = byteCache(join(cacheDir, 'quality'));
  return async (passage) => {
    const bytes = await cache(name, passageIdentity(passage), async () => {
      const { path, fromSec = 0, toSec } = passage;
      const length = toSec === undefined ? {} : { durationSec: toSec - fromSec };
      const samples = await decodeMono({ path, fromSec, ...length }, floorSampleRateHz);
      return encodeChunks(tenSecondSpans(samples.length / floorSampleRateHz), samples, feature);
    });
    return decodeChunks(bytes);
  };
}

/** Quieter windows hold no music to compare; the product's own gate is stricter. */
const silenceDb = -60;

/** Rows of [index, startSec, endSec, overlapSec, ...feature] after one word with the feature's length. */
function encodeChunks(spans: readonly ChunkSpan[], samples: Float32Array, feature: Feature): Uint8Array {
  const rows: number[] = [];
  for (const { index, startSec, endSec, overlapSec } of spans) {
    const window = samples.subarray(Math.round(startSec * floorSampleRateHz), Math.round(endSec * floorSampleRateHz));
    const power = window.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, window.length);
    if (10 * Math.log10(power) < silenceDb || window.length < floorSampleRateHz / 2) continue;
    const values = feature(window);
    if (rows.length === 0) rows.push(values.length);
    rows.push(index, startSec, endSec, overlapSec, ...values);
  }
  return new Uint8Array(Float64Array.from(rows).buffer);
}

function decodeChunks(bytes: Uint8Array): Chunk[] {
  const words = new Float64Array(aligned(bytes));
  const dimensions = words[0] ?? 0;
  const chunks: Chunk[] = [];
  for (let at = 1; at < words.length; at += 4 + dimensions) {
    const [index = 0, startSec = 0, endSec = 0, overlapSec = 0] = words.subarray(at, at + 4);
    const vector = Float32Array.from(words.subarray(at + 4, at + 4 + dimensions));
    chunks.push({ index, startSec, endSec, overlapSec, kind: 'music', loudnessDb: 0, vector });
  }
  return chunks;
}

/** Each dimension to mean 0 and deviation 1 over the library, then unit length. */
function standardise(library: readonly Float32Array[]): (vector: Float32Array) => Float32Array {
  const dimensions = library[0]?.length ?? 0;
  const axes = Array.from({ length: dimensions }, (_, axis) => {
    const values = library.map((vector) => vector[axis] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
  return (vector) => {
    const scaled = Float32Array.from(
      vector,
      (value, at) => (value - (axes[at]?.mean ?? 0)) / (axes[at]?.deviation ?? 1),
    );
    const length = Math.hypot(...scaled) || 1;
    return scaled.map((value) => value / length);
  };
}
