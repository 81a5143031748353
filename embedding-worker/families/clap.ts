/** CLAP, as published by LAION and exported to ONNX: log-mel frames of exactly ten seconds in, an embedding out that is
 *  not of unit length.
 *
 *  @see https://arxiv.org/abs/2211.06687, and scripts/clap-front-end/ for the graph between samples and network
 */
import path from 'node:path';
import { clapFeatureShape } from '../../src/models/network-spec.ts';
import { type Family, unitLength } from './family.ts';

/** The front-end takes exactly ten seconds, prepared as by transformers' `ClapFeatureExtractor`. */
export const clapSampleRateHz = 48_000;
/** 10 s: the only length that the published graphs take. */
export const clapSamples = 480_000;

export const clapFamily: Family = {
  frontEnd: {
    path: path.join(import.meta.dirname, '../front-ends/clap.onnx'),
    input: 'pcm',
    output: 'input_features',
    itemShape: clapFeatureShape,
  },
  prepare: clapWaveform,
  finish: (row) => unitLength(row),
};

/** Repeats a shorter window as often as it fits whole and fills the rest with silence ("repeatpad").
 *
 *  Refuses a longer one: the original takes ten random seconds of it, so two embeddings of the same music differ
 *  (LAION-AI/CLAP#166).
 *
 *  @param samples mono PCM at 48 kHz, shape [1 to 480000]
 *  @returns shape [480000]; the given array if it has this length
 *  @throws {RangeError} on an empty or a longer window
 *  @see `_get_input_mel` in transformers' feature_extraction_clap.py
 */
export function clapWaveform(samples: Float32Array): Float32Array {
  if (samples.length === clapSamples) return samples;
  if (samples.length === 0 || samples.length > clapSamples) {
    throw new RangeError(
      `Cannot prepare a window for CLAP: expected 1 to ${clapSamples} samples, got ${samples.length}`,
    );
  }
  const waveform = new Float32Array(clapSamples);
  const repeats = Math.floor(clapSamples / samples.length);
  for (let repeat = 0; repeat < repeats; repeat++) waveform.set(samples, repeat * samples.length);
  return waveform;
}
