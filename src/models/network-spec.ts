/** Inputs and outputs of a model's network, by the model's family. Pure. Used by the worker, remote engines, and `npm run
 *  models -- triton` and `-- mlflow`. */
import { type Model, type ModelManifest, networkWidth } from './manifest.ts';

export interface NetworkSpec {
  /** The model's name, for messages. */
  readonly name: string;
  readonly input: {
    readonly name: string;
    /** Shape of one item, without the batch: [samples], or [1, frames, bands]. */
    readonly itemShape: readonly number[];
  };
  readonly output: {
    readonly name: string;
    /** Of one item, or of one step of time: see `networkWidth`. */
    readonly dimensions: number;
    /** Whether the output is rows over time, [frames, dimensions], of which the mean is taken, instead of one row. */
    readonly overTime: boolean;
  };
}

interface NetworkShape {
  /** @param samples of one window */
  readonly itemShape: (samples: number) => readonly number[];
  readonly overTime: boolean;
}

/** Log-mel frames of ten seconds: [channels, frames, bands]. */
export const clapFeatureShape: readonly number[] = [1, 1001, 64];

const shapes: Readonly<Record<ModelManifest['family'], NetworkShape>> = {
  pcm: { itemShape: (samples) => [samples], overTime: false },
  clap: { itemShape: () => clapFeatureShape, overTime: false },
  wav2vec2: { itemShape: (samples) => [samples], overTime: true },
};

/** Samples of one window at the model's rate. */
export function samplesOf({ sampleRateHz }: ModelManifest, windowSec: number): number {
  return Math.round(windowSec * sampleRateHz);
}

/** Shape of the network's input for one window. */
export function networkItemShape({ manifest }: Pick<Model, 'manifest'>, windowSec: number): readonly number[] {
  return shapes[manifest.family].itemShape(samplesOf(manifest, windowSec));
}

/** Number of dimensions of the network's input and output, batch included. */
export function networkRanks({ family }: ModelManifest): { readonly input: number; readonly output: number } {
  const { itemShape, overTime } = shapes[family];
  return { input: itemShape(1).length + 1, output: overTime ? 3 : 2 };
}

export function networkSpecOf({ manifest }: Pick<Model, 'manifest'>, windowSec: number): NetworkSpec {
  const { name, network, family } = manifest;
  return {
    name,
    input: { name: network.input, itemShape: networkItemShape({ manifest }, windowSec) },
    output: { name: network.output, dimensions: networkWidth(manifest), overTime: shapes[family].overTime },
  };
}
