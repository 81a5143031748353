/** A model that is loaded: windows in, unit vectors out, in batches; or only what its network would be fed, where the
 *  network runs elsewhere. */
import path from 'node:path';
import { LeitmotifError } from '../../src/errors.ts';
import { families } from '../families/families.ts';
import type { Family } from '../families/family.ts';
import type { Model, ModelManifest } from '../models.ts';
import { canaryWindow, checkCanary, halfToleranceDistance, storedCanary } from './canary.ts';
import { type ExecutionProvider, type Graph, openGraph, verifySum } from './onnx.ts';

/** float32 sums over a few thousand values stay within 1e-6; 1e-3 still lets half-precision weights pass. */
const normTolerance = 1e-3;

export interface LoadedModel {
  /** @param windows each shape [samples], all of one length
   *  @returns for each window, in order, shape [values]
   *  @throws {LeitmotifError} inference-failed when the model's answer is of no use */
  run(windows: readonly Float32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** What of a network's input belongs to one window: `run` of {@link loadFrontEnd} gives it, flat. */
export function networkItemShape({ manifest }: Model, windowSec: number): readonly number[] {
  const family = families[manifest.family];
  return family.frontEnd?.itemShape ?? [family.prepare(new Float32Array(samplesOf(manifest, windowSec))).length];
}

/** @returns windows to unit vectors, proven with the canary
 *  @throws {LeitmotifError} config-invalid when the weights are missing, changed, or not what the manifest says, or the
 *  provider cannot run them or computes something else */
export async function loadModel(model: Model, windowSec: number, provider: ExecutionProvider): Promise<LoadedModel> {
  const { manifest } = model;
  try {
    if (provider !== 'cpu' && manifest.network.half) {
      const half = await loadHalf(model, windowSec, provider).catch(() => null);
      if (half) return half;
    }
    const loaded = await openModel(model, manifest.network, provider);
    const vector = await canaryVector(loaded, manifest, windowSec);
    const expected = await expectedCanary(model, windowSec, provider);
    if (expected) checkCanary(vector, expected);
    return loaded;
  } catch (error) {
    throw cannotLoad(manifest, error);
  }
}

/** @returns windows to what the network takes */
export async function loadFrontEnd({ manifest }: Model): Promise<LoadedModel> {
  const family = families[manifest.family];
  try {
    const frontEnd = await openFrontEnd(family, 'cpu');
    return {
      run: async (windows) => {
        const prepared = windows.map((window) => family.prepare(window));
        return frontEnd ? await runGraph(frontEnd, prepared, [prepared[0]?.length ?? 0]) : prepared;
      },
      close: async () => frontEnd?.close(),
    };
  } catch (error) {
    throw cannotLoad(manifest, error);
  }
}

/** The same vectors from weights of half the size, if they are near enough to those of the full ones. */
async function loadHalf(model: Model, windowSec: number, provider: ExecutionProvider): Promise<LoadedModel | null> {
  const { half, ...network } = model.manifest.network;
  if (!half) return null;
  const loaded = await openModel(model, { ...network, ...half }, provider);
  try {
    const expected = await expectedCanary(model, windowSec, provider);
    if (!expected) return null;
    checkCanary(await canaryVector(loaded, model.manifest, windowSec), expected, halfToleranceDistance);
    return loaded;
  } catch {
    await loaded.close();
    return null;
  }
}

/** The known vector; else, for a GPU, what this machine's CPU makes of the full weights. */
async function expectedCanary(
  model: Model,
  windowSec: number,
  provider: ExecutionProvider,
): Promise<Float32Array | null> {
  const stored = storedCanary(model.manifest, windowSec);
  if (stored || provider === 'cpu') return stored;
  const onCpu = await openModel(model, model.manifest.network, 'cpu');
  try {
    return await canaryVector(onCpu, model.manifest, windowSec);
  } finally {
    await onCpu.close();
  }
}

async function canaryVector(loaded: LoadedModel, manifest: ModelManifest, windowSec: number): Promise<Float32Array> {
  const [vector] = await loaded.run([canaryWindow(samplesOf(manifest, windowSec))]);
  return vector as Float32Array;
}

async function openModel(
  { manifest, folder }: Model,
  weights: Pick<ModelManifest['network'], 'file' | 'sha256' | 'input' | 'output'>,
  provider: ExecutionProvider,
): Promise<LoadedModel> {
  const family = families[manifest.family];
  const weightsPath = path.join(folder, weights.file);
  await verifySum(weightsPath, weights.sha256);
  const network = await openGraph(
    {
      path: weightsPath,
      input: weights.input,
      inputRank: family.inputRank,
      output: weights.output,
      outputRank: family.outputRank,
      outputWidth: manifest.dimensions,
    },
    provider,
  );
  const frontEnd = await openFrontEnd(family, provider);
  return {
    run: async (windows) => {
      const prepared = windows.map((window) => family.prepare(window));
      const samples = prepared[0]?.length ?? 0;
      const inputs = frontEnd ? await runGraph(frontEnd, prepared, [samples]) : prepared;
      const rows = await runGraph(network, inputs, family.frontEnd?.itemShape ?? [samples]);
      return rows.map((row) => checkedVector(manifest, family.finish(row, manifest.dimensions)));
    },
    close: async () => {
      await Promise.all([network.close(), frontEnd?.close()]);
    },
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

/** @param inputs one for each item, all of `itemShape` */
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

function samplesOf({ sampleRateHz }: ModelManifest, windowSec: number): number {
  return Math.round(windowSec * sampleRateHz);
}

/** @throws {LeitmotifError} inference-failed: not of the model's dimensions, or not finite and of length 1 */
export function checkedVector({ name, dimensions }: ModelManifest, vector: Float32Array): Float32Array {
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('inference-failed', `Cannot use what ${name} computed: ${why}`);
  if (vector.length !== dimensions) throw cannot(`expected ${dimensions} values, got ${vector.length}`);
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) throw cannot(`expected a vector of length 1, got ${norm}`);
  return vector;
}

function cannotLoad({ name }: ModelManifest, cause: unknown): LeitmotifError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LeitmotifError('config-invalid', `Cannot load the model ${name}: ${why}`, { cause });
}
