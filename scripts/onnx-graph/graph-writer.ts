/** A thin layer over onnx-proto: names, constants and nodes, in the order of the calls.
 *
 *  The same calls give the same bytes: nothing depends on time, randomness or hash order.
 */
import onnxProto, { type onnx } from 'onnx-proto';

/** The name of a value in the graph. */
export type Value = string;

/** Opset 13 is the newest whose reductions take their axes as attributes; every runtime in use reads it. */
const opsetVersion = 13;
/** IR version 8 belongs to onnx 1.10, the release that onnx-proto was generated from. */
const irVersion = 8;

const { AttributeType } = onnxProto.onnx.AttributeProto;
const { DataType } = onnxProto.onnx.TensorProto;

type Attribute = number | string | readonly number[];

export class GraphWriter {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #constants: onnx.ITensorProto[] = [];
  readonly #known = new Map<string, Value>();

  /** A float32 constant, row-major. */
  floats(name: string, dims: readonly number[], values: ArrayLike<number>): Value {
    const expected = dims.reduce((product, dim) => product * dim, 1);
    if (values.length !== expected) {
      throw new RangeError(`Cannot write the constant ${name}: expected ${expected} values, got ${values.length}`);
    }
    const bytes = new Uint8Array(Float32Array.from(values).buffer);
    this.#constants.push({ name, dims: [...dims], dataType: DataType.FLOAT, rawData: bytes });
    return name;
  }

  scalar(value: number): Value {
    return this.#once(`scalar_${value}`, (name) => this.floats(name, [], [value]));
  }

  /** An int64 vector; the same vector twice is one constant. */
  ints(values: readonly number[]): Value {
    return this.#once(`ints_${values.join('_')}`, (name) => {
      const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      this.#constants.push({ name, dims: [values.length], dataType: DataType.INT64, rawData: bytes });
      return name;
    });
  }

  /** @param name the output of the node, and its own name */
  node(opType: string, name: string, input: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    this.nodes(opType, [name], input, attributes);
    return name;
  }

  nodes(
    opType: string,
    output: readonly string[],
    input: readonly Value[],
    attributes: Record<string, Attribute> = {},
  ) {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    this.#nodes.push({ opType, name: output[0] ?? opType, input: [...input], output: [...output], attribute });
  }

  /** Rows from..to (exclusive, negative from the end) of one axis. */
  slice(name: string, input: Value, axis: number, from: number, to: number): Value {
    return this.node('Slice', name, [input, this.ints([from]), this.ints([to]), this.ints([axis])]);
  }

  /** @param dims 0 keeps a dimension, -1 is inferred */
  reshape(name: string, input: Value, dims: readonly number[]): Value {
    return this.node('Reshape', name, [input, this.ints(dims)]);
  }

  mean(name: string, input: Value, axes: readonly number[], keepdims = true): Value {
    return this.node('ReduceMean', name, [input], { axes, keepdims: keepdims ? 1 : 0 });
  }

  encode(graphName: string, input: onnx.IValueInfoProto, output: onnx.IValueInfoProto[]): Uint8Array {
    const model = onnxProto.onnx.ModelProto.create({
      irVersion,
      producerName: 'leitmotif',
      opsetImport: [{ domain: '', version: opsetVersion }],
      graph: { name: graphName, node: this.#nodes, initializer: this.#constants, input: [input], output },
    });
    return onnxProto.onnx.ModelProto.encode(model).finish();
  }

  #once(name: string, make: (name: string) => Value): Value {
    const known = this.#known.get(name) ?? make(name);
    this.#known.set(name, known);
    return known;
  }
}

/** A float32 value of the graph's signature; named dimensions are free. */
export function floatValue(name: string, dims: readonly (number | string)[]): onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: DataType.FLOAT, shape: { dim } } } };
}

function attributeOf(name: string, value: Attribute): onnx.IAttributeProto {
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value !== 'number') return { name, type: AttributeType.INTS, ints: [...value] };
  return { name, type: AttributeType.INT, i: value };
}
