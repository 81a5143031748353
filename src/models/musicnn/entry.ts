/** The model `musicnn`: our graph over MusiCNN's weights (ISC licence), which stay in the file in which their authors published them.
 *
 *  Graph and manifest are written by training/leitmotif_training/export_musicnn.py. The graph's initialisers are external data: places in
 *  that file, so nothing is converted and no Python is needed.
 */
import path from 'node:path';
import type { DownloadableFile, DownloadableModel, ProgramFile } from '../downloadable.ts';
import { type ModelFile, modelManifest } from '../manifest.ts';
import json from './model.json' with { type: 'json' };

const { text: _, musicHead, ...manifest } = modelManifest.parse(json);
const packageVersion = '0.1.0';

export const musicnn: DownloadableModel = {
  ...manifest,
  purpose: 'music; finds more of the same soundtrack than the built-in model, in thirteen times the time',
  repository: 'musicnn',
  revision: packageVersion,
  network: {
    ...pinned(manifest.network),
    origin: fromHere(manifest.network),
    input: manifest.network.input,
    output: manifest.network.output,
    data: {
      ...pinned(manifest.network.data),
      origin: {
        kind: 'package',
        project: 'musicnn',
        archive: {
          file: `musicnn-${packageVersion}-py3-none-any.whl`,
          sha256: 'f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa',
          bytes: 29_292_476,
        },
        member: 'musicnn/MTT_musicnn/.data-00000-of-00001',
      },
    },
  },
  ...(musicHead
    ? { musicHead: { ...pinned(musicHead), origin: fromHere(musicHead), extraInputs: musicHead.extraInputs ?? 0 } }
    : {}),
};

function fromHere({ file }: ModelFile): ProgramFile {
  return { kind: 'program', file: path.join(import.meta.dirname, file) };
}

/** The file of a manifest that is part of this program. */
function pinned(file: ModelFile | undefined): DownloadableFile & { readonly sha256: string } {
  if (!file) throw new RangeError('Cannot list a model: expected its manifest to name this file');
  return { path: file.file, sha256: file.sha256, bytes: file.bytes, isExact: true };
}
