/** Gives the input of an ONNX graph a fixed shape, and leaves the weights in their file.
 *
 *  Exports declare free dimensions, and compute shapes, and what follows from them, with nodes: 12,000 of CLAP's 12,800, among them the masks of
 *  its shifted windows. With a known shape, ONNX Runtime computes them once and loads the graph in a third of the time
 *  (bench/PERFORMANCE.md). It has an option for that, free dimension overrides, but not in its Node binding, so the declaration is changed
 *  here, in a copy of the graph in memory. The weights are not copied: ONNX Runtime maps the file, and reads them where they are.
 *
 *  @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for the numbers of the fields
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

/** Weights of at least this size stay in the file. Smaller ones may be shapes and indices, which must be in the graph. */
const outsideBytesMin = 65_536;

const model = { graph: 7 } as const;
const graph = { initializer: 5, input: 11 } as const;
const tensor = { rawData: 9, externalData: 13, dataLocation: 14 } as const;
const dataLocationExternal = 1;
const valueInfo = { name: 1, type: 2 } as const;
const type = { tensor: 1 } as const;
const tensorType = { shape: 2 } as const;
const shape = { dimension: 1 } as const;
const dimension = { value: 1 } as const;
const entry = { key: 1, value: 2 } as const;

/** @param file an ONNX model, whose weights ONNX Runtime will look for in the same folder
 *  @param dims of the input with this name, batch included; they replace free dimensions only
 *  @returns the model without the large weights
 *  @throws {RangeError} when the file is no ONNX model */
export function withFixedInput(file: string, input: string, dims: readonly number[]): Uint8Array {
  const handle = openSync(file, 'r');
  try {
    const bytes: Bytes = (from, to) => {
      const block = Buffer.allocUnsafe(to - from);
      return block.subarray(0, readSync(handle, block, 0, block.length, from));
    };
    const whole = { content: 0, end: statSync(file).size };
    return rewritten(bytes, whole, (field) => {
      if (field.number !== model.graph) return null;
      return rewritten(bytes, field, (part) => {
        if (part.number === graph.initializer) return leftOutside(bytes, part, path.basename(file));
        return part.number === graph.input ? fixedInput(bytes, part, input, dims) : null;
      });
    });
  } finally {
    closeSync(handle);
  }
}

/** @returns the tensor with a reference to its place in the file; null if it is small, or already outside */
function leftOutside(bytes: Bytes, field: Field, location: string): Buffer | null {
  if (field.end - field.content < outsideBytesMin) return null;
  const fields = [...fieldsOf(bytes, field)];
  const raw = fields.find(({ number }) => number === tensor.rawData);
  if (!raw) return null;
  const place = { location, offset: String(raw.content), length: String(raw.end - raw.content) };
  return Buffer.concat([
    ...fields.filter((each) => each !== raw).map(({ start, end }) => bytes(start, end)),
    ...Object.entries(place).map(([key, value]) =>
      message(tensor.externalData, [text(entry.key, key), text(entry.value, value)]),
    ),
    number(tensor.dataLocation, dataLocationExternal),
  ]);
}

/** @returns the input with fixed dimensions; null if it is another input */
function fixedInput(bytes: Bytes, field: Field, input: string, dims: readonly number[]): Buffer | null {
  const name = [...fieldsOf(bytes, field)].find((each) => each.number === valueInfo.name);
  if (!name || bytes(name.content, name.end).toString() !== input) return null;
  let axis = 0;
  const into = (within: Field, [wanted, ...deeper]: readonly number[]): Buffer =>
    rewritten(bytes, within, (each) => {
      if (each.number !== wanted) return null;
      return deeper.length > 0 ? into(each, deeper) : fixedDimension(bytes, each, dims[axis++]);
    });
  return into(field, [valueInfo.type, type.tensor, tensorType.shape, shape.dimension]);
}

/** @returns null if the dimension is declared already, or the input has more dimensions than expected */
function fixedDimension(bytes: Bytes, field: Field, size: number | undefined): Buffer | null {
  const isFixed = [...fieldsOf(bytes, field)].some((each) => each.number === dimension.value);
  return isFixed || size === undefined ? null : number(dimension.value, size);
}

/** Part of a file, from one position to another (exclusive). */
type Bytes = (from: number, to: number) => Buffer;

/** A field of a Protocol Buffers message, as positions in the file. */
interface Field {
  readonly number: number;
  /** Where the field begins, with its number and size. */
  readonly start: number;
  /** Where its value begins. */
  readonly content: number;
  readonly end: number;
}

/** Copies a message, with another content for the fields for which `replace` returns one. */
function rewritten(
  bytes: Bytes,
  within: Pick<Field, 'content' | 'end'>,
  replace: (field: Field) => Buffer | null,
): Buffer {
  const parts: Buffer[] = [];
  for (const field of fieldsOf(bytes, within)) {
    const replacement = replace(field);
    parts.push(replacement ? message(field.number, [replacement]) : bytes(field.start, field.end));
  }
  return Buffer.concat(parts);
}

/** A number and a size, of at most ten bytes each. */
const headBytesMax = 20;
/** Bytes of values that have the same size always, by wire type. */
const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** @see https://protobuf.dev/programming-guides/encoding/ */
function* fieldsOf(bytes: Bytes, { content: from, end: to }: Pick<Field, 'content' | 'end'>): Generator<Field> {
  for (let start = from; start < to; ) {
    const head = bytes(start, Math.min(to, start + headBytesMax));
    const key = readVarint(head, 0);
    const [wireType, afterKey] = [key.value % 8, start + key.size];
    // A number, or the size of a longer value.
    const varint = wireType === 0 || wireType === 2 ? readVarint(head, key.size) : { value: 0, size: 0 };
    const content = wireType === 2 ? afterKey + varint.size : afterKey;
    const bytesLong = wireType === 0 ? varint.size : wireType === 2 ? varint.value : fixedBytes[wireType];
    const end = content + (bytesLong ?? Number.NaN);
    if (!(end <= to)) throw new RangeError(`Cannot read an ONNX model: expected a field at byte ${start}`);
    yield { number: Math.floor(key.value / 8), start, content, end };
    start = end;
  }
}

/** Exact below 2^53, which is more than a size or a number of a field can be. */
function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly size: number } {
  let value = 0;
  for (let at = from; ; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('Cannot read an ONNX model: expected a number, got its end');
    value += (byte & 127) * 2 ** (7 * (at - from));
    if (byte < 128) return { value, size: at + 1 - from };
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function message(field: number, parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([varint(field * 8 + 2), varint(size), ...parts]);
}

function text(field: number, value: string): Buffer {
  return message(field, [Buffer.from(value)]);
}
