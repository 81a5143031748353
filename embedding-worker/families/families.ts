/** All families by their name in manifests. */
import type { ModelManifest } from '../../src/models/manifest.ts';
import { clapFamily } from './clap.ts';
import type { Family } from './family.ts';
import { wav2vec2Family } from './wav2vec2.ts';

/** Models of this project: samples in, unit vector out; the graph contains all other steps. */
const pcmFamily: Family = {
  frontEnd: null,
  prepare: (window) => window,
  // Not normalised here: the graph normalises, and the check of its vectors detects a broken graph.
  finish: (row) => row,
};

export const families: Readonly<Record<ModelManifest['family'], Family>> = {
  pcm: pcmFamily,
  clap: clapFamily,
  wav2vec2: wav2vec2Family,
};
