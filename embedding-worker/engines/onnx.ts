/** Loads graphs into ONNX Runtime, checks their inputs and outputs, and runs them.
 *
 *  `run` blocks its thread (measured: one timer tick in 2.9 s), so this runs in a separate process.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { withFixedInput } from './fixed-input.ts';
import { env, InferenceSession, Tensor } from './onnx-runtime.ts';
import { profileFolder } from './placement.ts';

// Failures are thrown and reported by the caller; a failed attempt on a GPU should not also fill stderr.
env.logLevel = 'fatal';

export type ExecutionProvider = 'cuda' | 'webgpu' | 'cpu';

export interface GraphFile {
  readonly path: string;
  /** Names of the only input and of the requested output. Ranks include the batch. */
  readonly input: string;
  /** float32 for samples or features (default), int64 for token ids. */
  readonly inputType?: 'float32' | 'int64';
  readonly inputRank: number;
  /** The shape of every input, batch included, where it never changes: CLAP loads faster (fixed-input.ts). */
  readonly inputDims?: readonly number[];
  readonly output: string;
  readonly outputRank: number;
  /** Size of the output's last dimension; compared with the graph's declaration if it has one. */
  readonly outputWidth: number;
}

export interface Graph {
  /** @param dims the shape of `values`, batch first
   *  @returns the output, flat, shape [batch, ...], and the number of values of one item */
  run(
    values: Float32Array | BigInt64Array,
    dims: readonly number[],
  ): Promise<{ values: Float32Array; itemSize: number }>;
  /** Share of the work so far that ran on the provider itself, in [0, 1]; 1 on a CPU. The first call ends the recording; later
   *  calls return 1. */
  gpuShare(): number;
  close(): Promise<void>;
}

/** @throws {Error} when the provider cannot run the graph, or the graph differs from `file` */
export async function openGraph(file: GraphFile, provider: ExecutionProvider): Promise<Graph> {
  const profile = provider === 'cpu' ? null : profileFolder();
  try {
    const session = await createSession(file, provider, profile?.prefix ?? null);
    checkSignature(file, session);
    return graphOf(file, session, profile);
  } catch (error) {
    profile?.remove();
    throw error;
  }
}

async function createSession(
  { path: graphPath, input, inputDims }: GraphFile,
  provider: ExecutionProvider,
  profilePrefix: string | null,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    // Only the requested one: ONNX Runtime adds the CPU for nodes without a GPU kernel, but throws when the provider itself is
    // missing.
    executionProviders: [provider],
    // One thread a process: two processes with one thread each have 1.43 times the throughput of one process with two
    // threads. The worker uses more cores with more processes.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(profilePrefix === null ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  if (inputDims !== undefined) {
    // A graph that cannot be changed so loads as it is, or fails with its own error.
    const session = await createFixed({ path: graphPath, input, inputDims }, options).catch(() => null);
    if (session) return session;
  }
  return InferenceSession.create(graphPath, options);
}

async function createFixed(
  { path: graphPath, input, inputDims }: Pick<GraphFile, 'path' | 'input'> & { inputDims: readonly number[] },
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  // Where the weights are that the changed graph refers to.
  const extra = { session: { model_external_initializers_file_folder_path: path.dirname(graphPath) } };
  // With known shapes, ONNX Runtime would plan one block for all values, besides those that it keeps: 47 MB for CLAP, and no faster.
  return InferenceSession.create(withFixedInput(graphPath, input, inputDims), {
    ...options,
    enableMemPattern: false,
    extra,
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

/** Block size while hashing a file. */
const blockBytes = 2 ** 20;

/** Reuses one block of memory: reading a file of 280 MB as a stream left 65 MB of blocks behind for the life of the process.
 *  @throws {Error} when the file cannot be read or its hash differs */
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

/** Checks names, types and the declared dimensions; the canary proves the rest. */
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
