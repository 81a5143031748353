/** CLAP, as published by LAION and exported to ONNX: log-mel frames of exactly ten seconds in, an embedding out that is
 *  not of unit length.
 *
 *  @see https://arxiv.org/abs/2211.06687, and scripts/clap-front-end/ for the graph between samples and network
 */
import path from 'node:path';
import { clapFeatureShape } from '../../src/models/network-spec.ts';
import { clapWaveform } from './clap-waveform.ts';
import { type Family, unitLength } from './family.ts';

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
