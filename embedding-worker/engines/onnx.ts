/** Graphs in ONNX Runtime: loaded, checked for what they take and give, run. The only user of onnxruntime-node.
 *
 *  `run` blocks its thread (model-facts: one timer tick in 2.9 s), so this runs in a process that does nothing else.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { env, InferenceSession, Tensor } from './onnx-runtime.ts';
import { profileFolder } from './placement.ts';

// What fails is thrown, and told by whoever catches it; a GPU that is tried in vain need not also fill stderr.
env.logLevel = 'fatal';

export type ExecutionProvider = 'cuda' | 'webgpu' | 'cpu';

export interface GraphFile {
  readonly path: string;
  /** Names of its one input and of the output that is wanted, and how many dimensions both have, batch included. */
  readonly input: string;
  /** What the input holds: samples or features, or the ids of tokens. Unset: float32. */
  readonly inputType?: 'float32' | 'int64';
  readonly inputRank: number;
  readonly output: string;
  readonly outputRank: number;
  /** The size of the output's last dimension, held against what the graph declares, if it does. */
  readonly outputWidth: number;
}

export interface Graph {
  /** @param dims the shape of `values`, batch first
   *  @returns shape [batch, ...], flat, and how many values belong to one item */
  run(
    values: Float32Array | BigInt64Array,
    dims: readonly number[],
  ): Promise<{ values: Float32Array; itemSize: number }>;
  /** How much of what ran so far ran on the provider itself, in [0, 1]. It is recorded until this is asked for, once.
   *  1 on a CPU. */
  gpuShare(): number;
  close(): Promise<void>;
}

/** @throws {Error} why the provider cannot run it, or how it differs from what was expected */
export async function openGraph(file: GraphFile, provider: ExecutionProvider): Promise<Graph> {
  const profile = provider === 'cpu' ? null : profileFolder();
  try {
    const session = await createSession(file.path, provider, profile?.prefix ?? null);
    checkSignature(file, session);
    return graphOf(file, session, profile);
  } catch (error) {
    profile?.remove();
    throw error;
  }
}

function createSession(
  path: string,
  provider: ExecutionProvider,
  profilePrefix: string | null,
): Promise<InferenceSession> {
  return InferenceSession.create(path, {
    // Only the one that was asked for: ONNX Runtime adds the CPU for nodes that a GPU has no kernel for, but throws when
    // the provider itself is not there.
    executionProviders: [provider],
    // One thread a process: two processes with one thread each give 1.43 x the throughput of one with two
    // (search-facts), and a process more is how the worker uses a core more.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(profilePrefix === null ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  });
}

function graphOf(file: GraphFile, session: InferenceSession, profile: ReturnType<typeof profileFolder> | null): Graph {
  let profiling = profile !== null;
  return {
    run: async (values, dims) => {
      const input =
        values instanceof BigInt64Array ? new Tensor('int64', values, dims) : new Tensor('float32', values, dims);
      const outputs = await session.run({ [file.input]: input }, [file.output]);
      const output = outputs[file.output];
      const data = output?.data;
      if (!(data instanceof Float32Array))
        throw new Error(`expected "${file.output}" to be float32, got ${output?.type}`);
      return { values: data, itemSize: data.length / (dims[0] ?? 1) };
    },
    gpuShare: () => {
      if (!profile || !profiling) return 1;
      profiling = false;
      session.endProfiling();
      const share = profile.read();
      profile.remove();
      return share;
    },
    close: async () => {
      await session.release();
      profile?.remove();
    },
  };
}

/** Read at a time while a file is summed up. */
const blockBytes = 2 ** 20;

/** Into the same block of memory each time: as a stream, a file of 280 MB left 65 MB of blocks behind, for as long as the
 *  process lives.
 *  @throws {Error} when the file cannot be read or its sum is another */
export async function verifySum(path: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafeSlow(blockBytes);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(block, 0, blockBytes);
      if (bytesRead === 0) break;
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  const sum = hash.digest('hex');
  if (sum !== sha256) throw new Error(`expected sha256 ${sha256}, got ${sum}`);
}

/** Names, types and as many dimensions as the graph declares; the canary proves the rest. */
function checkSignature(file: GraphFile, session: InferenceSession): void {
  const [inputs, outputs] = [session.inputMetadata, session.outputMetadata];
  const input = inputs.find(({ name }) => name === file.input);
  const output = outputs.find(({ name }) => name === file.output);
  if (!input || inputs.length !== 1) {
    throw new Error(`expected one input "${file.input}", got ${namesOf(inputs)}`);
  }
  if (!output) throw new Error(`expected an output "${file.output}", got ${namesOf(outputs)}`);
  checkTensor(input, file.inputType ?? 'float32', file.inputRank);
  checkTensor(output, 'float32', file.outputRank);
  const width = output.isTensor ? output.shape.at(-1) : undefined;
  if (typeof width === 'number' && width > 0 && width !== file.outputWidth) {
    throw new Error(`expected ${file.outputWidth} dimensions, got ${width}`);
  }
}

function checkTensor(value: InferenceSession.ValueMetadata, type: Tensor.Type, rank: number): void {
  if (value.isTensor && value.type === type && value.shape.length === rank) return;
  const got = value.isTensor ? `${value.type} [${value.shape.join(', ')}]` : 'no tensor';
  throw new Error(`expected "${value.name}" to be ${type} with ${rank} dimensions, got ${got}`);
}

function namesOf(values: readonly InferenceSession.ValueMetadata[]): string {
  return values.map(({ name }) => `"${name}"`).join(', ') || 'none';
}
