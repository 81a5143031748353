import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import proto, { type onnx } from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFixedInput } from '../../embedding-worker/engines/fixed-input.ts';
import { type GraphFile, openGraph } from '../../embedding-worker/engines/onnx.ts';

const { ModelProto, TensorProto } = proto.onnx;
const float = TensorProto.DataType.FLOAT;
const [rows, columns] = [256, 128];

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fixed-input-test-'));
  file = written('product.onnx', ['batch', rows]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A product of the input and a matrix of 128 kB, plus a constant. */
function written(name: string, dims: readonly (string | number)[]): string {
  const matrix = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
  const graph: onnx.IGraphProto = {
    name: 'product',
    node: [
      { opType: 'MatMul', input: ['x', 'matrix'], output: ['product'] },
      { opType: 'Add', input: ['product', 'one'], output: ['y'] },
    ],
    initializer: [
      { name: 'matrix', dataType: float, dims: [rows, columns], rawData: new Uint8Array(matrix.buffer) },
      { name: 'one', dataType: float, dims: [1], rawData: new Uint8Array(Float32Array.of(1).buffer) },
    ],
    input: [valueInfo('x', dims)],
    output: [valueInfo('y', ['batch', columns])],
  };
  const bytes = ModelProto.encode({ irVersion: 8, opsetImport: [{ version: 17 }], graph }).finish();
  writeFileSync(path.join(folder, name), bytes);
  return path.join(folder, name);
}

function valueInfo(name: string, dims: readonly (string | number)[]): onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: float, shape: { dim } } } };
}

function decoded(bytes: Uint8Array): onnx.ModelProto {
  return ModelProto.decode(bytes);
}

function inputDims(bytes: Uint8Array): unknown[] {
  const dims = decoded(bytes).graph?.input?.[0]?.type?.tensorType?.shape?.dim ?? [];
  return dims.map(({ dimValue, dimParam }) => dimParam || Number(dimValue));
}

describe('an ONNX file with a fixed input', () => {
  test('declares the given dimensions in place of free ones', () => {
    expect(inputDims(withFixedInput(file, 'x', [3, 999]))).toEqual([3, rows]);
    const free = written('free.onnx', ['batch', 'samples']);
    expect(inputDims(withFixedInput(free, 'x', [1, 480_000]))).toEqual([1, 480_000]);
  });

  test('keeps what other inputs, and dimensions beyond the given ones, declare', () => {
    expect(inputDims(withFixedInput(file, 'other', [1, rows]))).toEqual(['batch', rows]);
    expect(inputDims(withFixedInput(written('deep.onnx', ['a', 'b', 'c']), 'x', [1, 2]))).toEqual([1, 2, 'c']);
  });

  test('refers to large weights where they are in the file, and contains the rest', () => {
    const bytes = withFixedInput(file, 'x', [1, rows]);
    const [before, after] = [decoded(readFileSync(file)).graph, decoded(bytes).graph];
    const [matrix, one] = after?.initializer ?? [];
    const place = Object.fromEntries((matrix?.externalData ?? []).map(({ key, value }) => [key, value]));
    const start = Number(place.offset);
    expect(place.location).toBe('product.onnx');
    expect(matrix?.dataLocation).toBe(TensorProto.DataLocation.EXTERNAL);
    const placed = readFileSync(file).subarray(start, start + Number(place.length));
    expect(placed.equals(before?.initializer?.[0]?.rawData ?? Buffer.alloc(0))).toBe(true);
    expect(one).toEqual(before?.initializer?.[1]);
    expect(after?.node).toEqual(before?.node);
    expect(bytes.length).toBeLessThan(2_000);
  });

  test('computes the same', async () => {
    const graph: GraphFile = { path: file, input: 'x', inputRank: 2, output: 'y', outputRank: 2, outputWidth: columns };
    const [free, fixed] = [await openGraph(graph, 'cpu'), await openGraph({ ...graph, inputDims: [1, rows] }, 'cpu')];
    const values = Float32Array.from({ length: rows }, (_, i) => Math.cos(i));
    expect(await fixed.run(values, [1, rows])).toEqual(await free.run(values, [1, rows]));
    await expect(fixed.run(new Float32Array(2 * rows), [2, rows])).rejects.toThrow('dimensions');
    await Promise.all([free.close(), fixed.close()]);
  });

  test('loads as it is when the graph contradicts the shape', async () => {
    const contradicted = { path: written('contradicted.onnx', ['batch', 'samples']), inputDims: [1, rows + 1] };
    const graph = { input: 'x', inputRank: 2, output: 'y', outputRank: 2, outputWidth: columns, ...contradicted };
    const opened = await openGraph(graph, 'cpu');
    expect((await opened.run(new Float32Array(rows), [1, rows])).values).toEqual(new Float32Array(columns).fill(1));
    await opened.close();
  });

  test('is not made of a file that is cut off or is no ONNX model', () => {
    const bytes = readFileSync(file);
    for (const [name, content] of [
      ['cut.onnx', bytes.subarray(0, bytes.length - 1)],
      ['text.onnx', Buffer.from('not a graph')],
    ] as const) {
      writeFileSync(path.join(folder, name), content);
      expect(() => withFixedInput(path.join(folder, name), 'x', [1, rows])).toThrow(RangeError);
    }
  });
});
