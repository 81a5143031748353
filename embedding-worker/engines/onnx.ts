/** A model in ONNX Runtime: loaded, checked against its manifest and tried once. The only user of onnxruntime-node.
 *
 *  `run` blocks its thread (model-facts: one timer tick in 2.9 s), so this runs in a process that does nothing else.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LeitmotifError } from '../../src/errors.ts';
import type { Model, ModelManifest } from '../models.ts';

/** float32 sums over a few thousand values stay within 1e-6; 1e-3 still lets half-precision weights pass. */
const normTolerance = 1e-3;

export interface OnnxModel {
  /** @param samples shape [samples], one window at the model's rate
   *  @returns unit vector, shape [dimensions]
   *  @throws {LeitmotifError} inference-failed when the model's answer is not one */
  embed(samples: Float32Array): Promise<Float32Array>;
}

/** @throws {LeitmotifError} config-invalid when the weights are missing, changed, or not what the manifest says */
export async function loadOnnxModel(model: Model, windowSec: number): Promise<OnnxModel> {
  const { manifest, weightsPath } = model;
  await verifySum(manifest, weightsPath);
  const session = await createSession(manifest, weightsPath);
  checkSignature(manifest, session);
  const embed = async (samples: Float32Array): Promise<Float32Array> => {
    const input = new Tensor('float32', samples, [1, samples.length]);
    const outputs = await session.run({ [manifest.input]: input }, [manifest.output]);
    return checkedVector(manifest, outputs[manifest.output]);
  };
  await tryCanary(manifest, embed, Math.round(windowSec * manifest.sampleRateHz));
  return { embed };
}

async function verifySum(manifest: ModelManifest, weightsPath: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const block of createReadStream(weightsPath)) hash.update(block as Buffer);
  } catch (error) {
    throw cannotLoad(manifest, `cannot read ${weightsPath}`, error);
  }
  const sum = hash.digest('hex');
  if (sum !== manifest.sha256) throw cannotLoad(manifest, `expected sha256 ${manifest.sha256}, got ${sum}`);
}

async function createSession(manifest: ModelManifest, weightsPath: string): Promise<InferenceSession> {
  try {
    // One thread a process: two processes with one thread each give 1.43 x the throughput of one with two
    // (search-facts), and a process more is how the worker uses a core more.
    return await InferenceSession.create(weightsPath, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw cannotLoad(manifest, error instanceof Error ? error.message : String(error), error);
  }
}

/** Names, types and as many dimensions as the graph declares; the canary proves the rest. */
function checkSignature(manifest: ModelManifest, session: InferenceSession): void {
  const [inputs, outputs] = [session.inputMetadata, session.outputMetadata];
  const input = inputs.find(({ name }) => name === manifest.input);
  const output = outputs.find(({ name }) => name === manifest.output);
  if (!input || inputs.length !== 1) {
    throw cannotLoad(manifest, `expected one input "${manifest.input}", got ${namesOf(inputs)}`);
  }
  if (!output) throw cannotLoad(manifest, `expected an output "${manifest.output}", got ${namesOf(outputs)}`);
  for (const value of [input, output]) {
    if (!value.isTensor || value.type !== 'float32' || value.shape.length !== 2) {
      throw cannotLoad(manifest, `expected "${value.name}" to be float32 with two dimensions, got ${describe(value)}`);
    }
  }
  const width = output.isTensor ? output.shape[1] : undefined;
  if (typeof width === 'number' && width > 0 && width !== manifest.dimensions) {
    throw cannotLoad(manifest, `expected ${manifest.dimensions} dimensions, got ${width}`);
  }
}

function namesOf(values: readonly InferenceSession.ValueMetadata[]): string {
  return values.map(({ name }) => `"${name}"`).join(', ') || 'none';
}

function describe(value: InferenceSession.ValueMetadata): string {
  return value.isTensor ? `${value.type} [${value.shape.join(', ')}]` : 'no tensor';
}

/** One window of noise, from a fixed seed: a model that cannot do that is found before a stranger's recording is. */
async function tryCanary(
  manifest: ModelManifest,
  embed: (samples: Float32Array) => Promise<Float32Array>,
  sampleCount: number,
): Promise<void> {
  let state = 1;
  const noise = Float32Array.from({ length: sampleCount }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.2;
  });
  try {
    await embed(noise);
  } catch (error) {
    throw cannotLoad(manifest, error instanceof Error ? error.message : String(error), error);
  }
}

function checkedVector(manifest: ModelManifest, output: Tensor | undefined): Float32Array {
  const data = output?.data;
  if (!(data instanceof Float32Array) || data.length !== manifest.dimensions) {
    throw new LeitmotifError(
      'inference-failed',
      `Cannot use what ${manifest.name} computed: expected ${manifest.dimensions} values, got ${data?.length ?? 0}`,
    );
  }
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) {
    throw new LeitmotifError(
      'inference-failed',
      `Cannot use what ${manifest.name} computed: expected a vector of length 1, got ${norm}`,
    );
  }
  return data;
}

function cannotLoad(manifest: ModelManifest, why: string, cause?: unknown): LeitmotifError {
  return new LeitmotifError('config-invalid', `Cannot load the model ${manifest.name}: ${why}`, { cause });
}
