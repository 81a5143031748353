/** The networks of these tests' servers. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from '../../../embedding-worker/engines/onnx-runtime.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';

export interface ServedNetwork {
  readonly input: { readonly name: string; readonly itemShape: readonly number[] };
  readonly output: { readonly name: string; readonly itemShape: readonly number[] };
  /** Largest batch, as Triton's max_batch_size. */
  readonly batchMax: number;
  readonly compute: (items: readonly Float32Array[]) => Promise<Float32Array[]>;
}

/** Six values in, three out; each is a weighted sum that changes when two values are swapped. */
export const sixToThree: ServedNetwork = {
  input: { name: 'six', itemShape: [1, 3, 2] },
  output: { name: 'three', itemShape: [3] },
  batchMax: 8,
  compute: async (items) => items.map(threeOf),
};

export const sixToThreeSpec: NetworkSpec = {
  name: 'tiny',
  input: { name: 'six', itemShape: [1, 3, 2] },
  output: { name: 'three', dimensions: 3, overTime: false },
};

export function threeOf(six: Float32Array): Float32Array {
  return Float32Array.from({ length: 3 }, (_, row) =>
    six.reduce((sum, value, column) => sum + value * Math.cos(1 + row * 6 + column), 0),
  );
}

/** Items that contain their index. */
export function sixes(count: number, from = 0): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from({ length: 6 }, (_, at) => Math.fround(0.1 + (from + i) * 1.7 + at / 3)),
  );
}

/** An ONNX file, served like a server with ONNX Runtime serves it. */
export async function onnxNetwork(
  file: string,
  input: ServedNetwork['input'],
  output: ServedNetwork['output'],
  batchMax = 32,
): Promise<ServedNetwork> {
  const session = await InferenceSession.create(readFileSync(path.resolve(file)), { intraOpNumThreads: 1 });
  return {
    input,
    output,
    batchMax,
    compute: async (items) => {
      const itemLength = items[0]?.length ?? 0;
      const batch = new Float32Array(items.length * itemLength);
      items.forEach((item, i) => void batch.set(item, i * itemLength));
      const tensor = new Tensor('float32', batch, [items.length, ...input.itemShape]);
      const { [output.name]: got } = await session.run({ [input.name]: tensor });
      const data = got?.data as Float32Array;
      const width = data.length / items.length;
      return items.map((_, i) => data.slice(i * width, (i + 1) * width));
    },
  };
}
