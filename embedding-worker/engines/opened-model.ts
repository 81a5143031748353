/** Opens a model's graphs: the front-end and the network. Nothing is proven here. */
import path from 'node:path';
import { type Model, type ModelManifest, networkWidth } from '../../src/models/manifest.ts';
import { networkRanks } from '../../src/models/network-spec.ts';
import { families } from '../families/families.ts';
import type { Family } from '../families/family.ts';
import { checkedVector } from './checked-vector.ts';
import { type ExecutionProvider, type Graph, openGraph } from './onnx.ts';

export interface OpenedModel {
  /** @param windows each shape [samples], all of one length
   *  @returns for each window, in order, shape [values]: the vector, and what only the music head reads
   *  @throws {LeitmotifError} inference-failed when the model's output is invalid */
  run(windows: readonly Float32Array[]): Promise<Float32Array[]>;
  /** The smallest `gpuShare` of its graphs. */
  gpuShare(): number;
  close(): Promise<void>;
}

export type NetworkFile = Pick<ModelManifest['network'], 'file' | 'input' | 'output'>;

/** Opens the whole model. Vectors are checked for size and length only. */
export async function openModel(
  { manifest, folder }: Model,
  weights: NetworkFile,
  provider: ExecutionProvider,
): Promise<OpenedModel> {
  const family = families[manifest.family];
  const ranks = networkRanks(manifest);
  // A CPU gains nothing from a batch, so there the shape of every input is known if the front-end has one.
  const inputDims = provider === 'cpu' && family.frontEnd ? [1, ...family.frontEnd.itemShape] : null;
  const network = await openGraph(
    {
      path: path.join(folder, weights.file),
      input: weights.input,
      inputRank: ranks.input,
      ...(inputDims ? { inputDims } : {}),
      output: weights.output,
      outputRank: ranks.output,
      outputWidth: networkWidth(manifest),
    },
    provider,
  );
  const frontEnd = await openFrontEnd(family, provider);
  return {
    run: async (windows) => {
      const prepared = windows.map((window) => family.prepare(window));
      const samples = prepared[0]?.length ?? 0;
      const inputs = frontEnd ? await runGraph(frontEnd, prepared, [samples]) : prepared;
      const batches = inputDims ? inputs.map((input) => [input]) : [inputs];
      const rows: Float32Array[] = [];
      for (const batch of batches) {
        rows.push(...(await runGraph(network, batch, family.frontEnd?.itemShape ?? [samples])));
      }
      return rows.map((row) => checkedVector(manifest, family.finish(row, networkWidth(manifest))));
    },
    gpuShare: () => Math.min(network.gpuShare(), frontEnd?.gpuShare() ?? 1),
    close: async () => {
      await Promise.all([network.close(), frontEnd?.close()]);
    },
  };
}

/** Opens only the preparation: windows in, inputs of the network out. */
export async function openPreparation({ manifest }: Pick<Model, 'manifest'>): Promise<OpenedModel> {
  const family = families[manifest.family];
  const frontEnd = await openFrontEnd(family, 'cpu');
  return {
    run: async (windows) => {
      const prepared = windows.map((window) => family.prepare(window));
      return frontEnd ? await runGraph(frontEnd, prepared, [prepared[0]?.length ?? 0]) : prepared;
    },
    gpuShare: () => 1,
    close: async () => frontEnd?.close(),
  };
}

async function openFrontEnd({ frontEnd }: Family, provider: ExecutionProvider): Promise<Graph | null> {
  if (!frontEnd) return null;
  const { path, input, output, itemShape } = frontEnd;
  const graph = {
    path,
    input,
    inputRank: 2,
    output,
    outputRank: itemShape.length + 1,
    outputWidth: itemShape.at(-1) ?? 0,
  };
  return openGraph(graph, provider);
}

/** @param inputs one for each item, all with `itemShape` */
async function runGraph(
  graph: Graph,
  inputs: readonly Float32Array[],
  itemShape: readonly number[],
): Promise<Float32Array[]> {
  const { values, itemSize } = await graph.run(joined(inputs), [inputs.length, ...itemShape]);
  return inputs.map((_, at) => values.subarray(at * itemSize, (at + 1) * itemSize));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const size = first?.length ?? 0;
  const all = new Float32Array(size * parts.length);
  parts.forEach((part, at) => void all.set(part, at * size));
  return all;
}
