/** Small ONNX graphs for tests, written with their manifests into a folder of models: [batch, samples] in, unit vectors
 *  out, or the output of a broken model. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import proto, { type onnx } from 'onnx-proto';

const sampleRateHz = 16_000;
const { AttributeProto, ModelProto, TensorProto } = proto.onnx;
const float = TensorProto.DataType.FLOAT;

export interface TinyModel {
  readonly name: string;
  /** `levels`: mean, mean square and peak and 1, normalised. `nan`: the same through log(-1). `loud-nan`: NaN
   *  only for windows with samples above 0.9. `unnormalised`: not of unit length. `slow`: `levels` after many steps of
   *  a recurrence. `near` and `far`: `levels` with 1.3 and 3 in place of 1, which for the canary window is 0.00026 and
   *  0.0022 away. */
  readonly kind: 'levels' | 'nan' | 'loud-nan' | 'unnormalised' | 'slow' | 'near' | 'far';
  /** The output of its weights in half precision. */
  readonly half?: TinyModel['kind'];
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** @returns the models' folder, `dir` */
export function writeTinyModels(dir: string, models: readonly TinyModel[]): string {
  for (const { name, kind, half, manifest } of models) {
    const folder = path.join(dir, name);
    mkdirSync(folder, { recursive: true });
    const bytes = ModelProto.encode(modelOf(kind)).finish();
    writeFileSync(path.join(folder, 'tiny.onnx'), bytes);
    const halfBytes = half && ModelProto.encode(modelOf(half)).finish();
    if (halfBytes) writeFileSync(path.join(folder, 'half.onnx'), halfBytes);
    writeFileSync(
      path.join(folder, 'model.json'),
      JSON.stringify({
        name,
        version: '1.0.0',
        licence: 'MIT',
        family: 'pcm',
        sampleRateHz,
        dimensions: 4,
        precision: 'fp32',
        frontEnd: 'levels-1',
        windowSec: { min: 5, max: 10, default: 10 },
        ...manifest,
        network: {
          file: 'tiny.onnx',
          ...sumOf(bytes),
          input: 'pcm',
          output: 'embedding',
          ...(halfBytes ? { half: { file: 'half.onnx', ...sumOf(halfBytes) } } : {}),
          ...(manifest?.network as object),
        },
      }),
    );
  }
  return dir;
}

function sumOf(bytes: Uint8Array) {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
}

/** The expected output of a `levels` model: mean, mean square, peak and 1, of unit length. */
export function levelsOf(samples: Float32Array): number[] {
  let [sum, squares, peak] = [0, 0, 0];
  for (const value of samples) {
    sum += value;
    squares += value * value;
    peak = Math.max(peak, value);
  }
  const raw = [sum / samples.length, squares / samples.length, peak, 1];
  const norm = Math.hypot(...raw);
  return raw.map((value) => value / norm);
}

/** Some 80 to 200 ms on one thread. Each step waits for the one before, so that vector units do not help: a product of large
 *  matrices is several times as fast with AVX-512 as with AVX2. */
const slowSteps = 1_200_000;

function modelOf(kind: TinyModel['kind']): onnx.IModelProto {
  const nodes: onnx.INodeProto[] = [
    node('ReduceMean', ['pcm'], 'mean', [axes(1)]),
    node('Mul', ['pcm', 'pcm'], 'squares'),
    node('ReduceMean', ['squares'], 'power', [axes(1)]),
    node('ReduceMax', ['pcm'], 'peak', [axes(1)]),
    node('Sub', ['peak', 'peak'], 'zero'),
    node('Add', ['zero', 'one'], 'ones'),
    node('Concat', ['mean', 'power', 'peak', 'ones'], 'raw', [intAttribute('axis', 1)]),
  ];
  const unit = node('LpNormalization', ['raw'], 'unit', [intAttribute('axis', 1), intAttribute('p', 2)]);
  const ones: Partial<Record<TinyModel['kind'], number>> = { near: 1.3, far: 3 };
  const initializers = [scalar('one', ones[kind] ?? 1), scalar('loud', -0.9)];
  switch (kind) {
    case 'levels':
    case 'near':
    case 'far':
      nodes.push(unit, node('Identity', ['unit'], 'embedding'));
      break;
    case 'nan':
      nodes.push(unit, node('Sub', ['zero', 'ones'], 'minus'), node('Log', ['minus'], 'none'));
      nodes.push(node('Add', ['unit', 'none'], 'embedding'));
      break;
    case 'loud-nan':
      // sqrt(0.9 - peak) is NaN for peaks above 0.9; the root minus itself is NaN there and 0 elsewhere.
      nodes.push(unit, node('Add', ['peak', 'loud'], 'over'), node('Neg', ['over'], 'under'));
      nodes.push(node('Sqrt', ['under'], 'root'), node('Sub', ['root', 'root'], 'none'));
      nodes.push(node('Add', ['unit', 'none'], 'embedding'));
      break;
    case 'unnormalised':
      nodes.push(node('Identity', ['raw'], 'embedding'));
      break;
    case 'slow':
      nodes.push(unit, node('ReduceMean', ['power'], 'step', [axes(0, 1)]), node('Expand', ['step', 'shape'], 'steps'));
      // Only the state after the last step is wanted, its second output.
      nodes.push({
        ...node('GRU', ['steps', 'gates', 'gates'], 'last', [intAttribute('hidden_size', 1)]),
        output: ['', 'last'],
      });
      nodes.push(node('ReduceMean', ['last'], 'state', [axes(0), intAttribute('keepdims', 0)]));
      nodes.push(node('Mul', ['state', 'nothing'], 'vanished'), node('Add', ['unit', 'vanished'], 'embedding'));
      initializers.push(
        scalar('nothing', 0),
        { name: 'gates', dataType: float, dims: [1, 3, 1], floatData: [0.5, 0.5, 0.5] },
        { name: 'shape', dataType: TensorProto.DataType.INT64, dims: [3], int64Data: [slowSteps, 1, 1] },
      );
      break;
  }
  return {
    irVersion: 8,
    opsetImport: [{ version: 13 }],
    graph: {
      name: 'tiny',
      node: nodes,
      initializer: initializers,
      input: [valueInfo('pcm', 'samples')],
      output: [valueInfo('embedding', 4)],
    },
  };
}

function node(
  opType: string,
  input: string[],
  output: string,
  attribute: onnx.IAttributeProto[] = [],
): onnx.INodeProto {
  return { opType, input, output: [output], name: output, attribute };
}

function axes(...ints: number[]): onnx.IAttributeProto {
  return { name: 'axes', type: AttributeProto.AttributeType.INTS, ints };
}

function intAttribute(name: string, i: number): onnx.IAttributeProto {
  return { name, type: AttributeProto.AttributeType.INT, i };
}

function scalar(name: string, value: number): onnx.ITensorProto {
  return { name, dataType: float, dims: [1, 1], floatData: [value] };
}

function valueInfo(name: string, width: string | number): onnx.IValueInfoProto {
  const last = typeof width === 'string' ? { dimParam: width } : { dimValue: width };
  return { name, type: { tensorType: { elemType: float, shape: { dim: [{ dimParam: 'batch' }, last] } } } };
}
