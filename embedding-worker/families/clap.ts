/** CLAP, as published by LAION and exported to ONNX: log-mel frames of exactly ten seconds in, an embedding out that is
 *  not of unit length.
 *
 *  @see https://arxiv.org/abs/2211.06687, and `ClapFeatureExtractor` of transformers for the front-end (unfused models)
 */
import path from 'node:path';
import { type Family, unitLength } from './family.ts';

export const clapSampleRateHz = 48_000;
/** The network knows windows of ten seconds only. */
export const clapSamples = 10 * clapSampleRateHz;

export const clapFamily: Family = {
  frontEnd: {
    path: path.join(import.meta.dirname, '../front-ends/clap.onnx'),
    input: 'pcm',
    output: 'input_features',
    itemShape: [1, 1001, 64],
  },
  inputRank: 4,
  outputRank: 2,
  prepare: repeatPad,
  finish: (row) => unitLength(row),
};

/** As often as it fits, then silence: what the extractor calls "repeatpad".
 *
 *  @param window shape [1 to 480,000]
 *  @returns shape [480,000]
 *  @throws {RangeError} on a longer window, which the extractor would crop at random */
export function repeatPad(window: Float32Array): Float32Array {
  const { length } = window;
  if (length === clapSamples) return window;
  if (length === 0 || length > clapSamples) {
    throw new RangeError(`Cannot prepare a window for CLAP: expected 1 to ${clapSamples} samples, got ${length}`);
  }
  const padded = new Float32Array(clapSamples);
  for (let at = 0; at + length <= clapSamples; at += length) padded.set(window, at);
  return padded;
}
