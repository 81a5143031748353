/** The baseline of the search: the same product and selection as an ONNX graph, Gemm then TopK, in a separate process with as
 *  many threads as the index has processes. Run as a program, it is that process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readSync } from 'node:fs';
import onnxProto, { type onnx } from 'onnx-proto';

export interface GemmTopKOptions {
  /** Flat FAISS files; their rows in sequence are the matrix. */
  readonly files: readonly { readonly path: string; readonly rowCount: number }[];
  readonly dimensions: number;
  readonly k: number;
  readonly threads: number;
}

const headerBytes = 45;

export class GemmTopK {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(options: GemmTopKOptions): Promise<GemmTopK> {
    const child = fork(import.meta.filename, [JSON.stringify(options)], { serialization: 'advanced' });
    await once(child, 'message');
    return new GemmTopK(child);
  }

  /** @param queries shape [queries, dimensions]
   *  @returns rows of the matrix, shape [queries, k], best first */
  async search(queries: Float32Array): Promise<number[]> {
    this.#child.send(queries);
    const [rows] = (await once(this.#child, 'message')) as [BigInt64Array];
    return Array.from(rows, Number);
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}

/** similarities = queries x library^T; values, rows = the k largest of each. */
function writeGraph(k: number): Uint8Array {
  const { AttributeProto, TensorProto } = onnxProto.onnx;
  const { FLOAT, INT64 } = TensorProto.DataType;
  const value = (name: string, elemType: number, dims: readonly string[]): onnx.IValueInfoProto => ({
    name,
    type: { tensorType: { elemType, shape: { dim: dims.map((dimParam) => ({ dimParam })) } } },
  });
  const transposed = { name: 'transB', type: AttributeProto.AttributeType.INT, i: 1 };
  const model = onnxProto.onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'gemm-topk',
      node: [
        { opType: 'Gemm', input: ['queries', 'library'], output: ['similarities'], attribute: [transposed] },
        { opType: 'TopK', input: ['similarities', 'k'], output: ['values', 'rows'] },
      ],
      initializer: [
        { name: 'k', dims: [1], dataType: INT64, rawData: new Uint8Array(BigInt64Array.of(BigInt(k)).buffer) },
      ],
      input: [value('queries', FLOAT, ['q', 'd']), value('library', FLOAT, ['n', 'd'])],
      output: [value('values', FLOAT, ['q', 'k']), value('rows', INT64, ['q', 'k'])],
    },
  });
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

function readMatrix({ files, dimensions }: GemmTopKOptions): Float32Array {
  const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
  const bytes = new Uint8Array(rowCount * dimensions * Float32Array.BYTES_PER_ELEMENT);
  let filled = 0;
  for (const { path } of files) {
    const file = openSync(path, 'r');
    let from = headerBytes;
    for (;;) {
      const read = readSync(file, bytes, filled, Math.min(1 << 26, bytes.length - filled), from);
      if (read === 0) break;
      filled += read;
      from += read;
    }
  }
  return new Float32Array(bytes.buffer);
}

async function serve(options: GemmTopKOptions): Promise<void> {
  const { InferenceSession, Tensor } = await import('../../embedding-worker/engines/onnx-runtime.ts');
  const { dimensions, k, threads } = options;
  const session = await InferenceSession.create(writeGraph(k), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: true,
  });
  const matrix = readMatrix(options);
  const library = new Tensor('float32', matrix, [matrix.length / dimensions, dimensions]);
  process.on('message', async (values: Float32Array) => {
    const queries = new Tensor('float32', values, [values.length / dimensions, dimensions]);
    const { rows } = await session.run({ queries, library });
    process.send?.(rows?.data);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) {
  await serve(JSON.parse(process.argv[2] ?? '{}') as GemmTopKOptions);
}
