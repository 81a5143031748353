/** Every family by the name that manifests give it. */
import type { ModelManifest } from '../../src/models/manifest.ts';
import { clapFamily } from './clap.ts';
import type { Family } from './family.ts';
import { wav2vec2Family } from './wav2vec2.ts';

/** Models of this project: samples in, unit vector out, everything else is in the graph. */
const pcmFamily: Family = {
  frontEnd: null,
  prepare: (window) => window,
  // Not normalised here: a graph that does not normalise is broken, and the check of its vectors finds that.
  finish: (row) => row,
};

export const families: Readonly<Record<ModelManifest['family'], Family>> = {
  pcm: pcmFamily,
  clap: clapFamily,
  wav2vec2: wav2vec2Family,
};
