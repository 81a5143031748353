/** Every family by the name that manifests give it. */
import type { ModelManifest } from '../../src/models/manifest.ts';
import { clapFamily } from './clap.ts';
import type { Family } from './family.ts';
import { pcmFamily } from './pcm.ts';
import { wav2vec2Family } from './wav2vec2.ts';

export const families: Readonly<Record<ModelManifest['family'], Family>> = {
  pcm: pcmFamily,
  clap: clapFamily,
  wav2vec2: wav2vec2Family,
};
