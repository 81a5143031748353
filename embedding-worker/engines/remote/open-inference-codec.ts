/** Bodies of the Open Inference Protocol's infer requests and answers. Pure.
 *
 *  Binary form: a JSON object, then the tensors, little-endian, row-major, without padding; an HTTP header has the length of the
 *  object. JSON form: a tensor's data is a list in row-major order, flat or nested.
 *  Every request has an id, which servers write into their logs; models of KServe's server that copy it into their answer fail
 *  without one.
 *  @see https://github.com/kserve/open-inference-protocol
 *  @see https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_binary_data.html
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import { flatNumbers, itemsToJson, parseAnswer } from './json-tensor.ts';

export const headerLengthName = 'inference-header-content-length';

export interface InferBody {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export function binaryInferBody({ input, output }: NetworkSpec, items: readonly Float32Array[]): InferBody {
  const tensors = items.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  const bytes = tensors.reduce((sum, { length }) => sum + length, 0);
  const shape = [items.length, ...input.itemShape];
  const head = Buffer.from(
    JSON.stringify({
      id: randomUUID(),
      inputs: [{ name: input.name, shape, datatype: 'FP32', parameters: { binary_data_size: bytes } }],
      outputs: [{ name: output.name, parameters: { binary_data: true } }],
    }),
  );
  return {
    body: Buffer.concat([head, ...tensors]),
    headers: { 'content-type': 'application/octet-stream', [headerLengthName]: String(head.length) },
  };
}

export async function jsonInferBody(
  { input, output }: NetworkSpec,
  items: readonly Float32Array[],
  signal: AbortSignal,
): Promise<InferBody> {
  const shape = [items.length, ...input.itemShape];
  const name = JSON.stringify(input.name);
  const head = `{"id":"${randomUUID()}","inputs":[{"name":${name},"shape":${JSON.stringify(shape)},"datatype":"FP32","data":[`;
  const texts = await itemsToJson(items, 'flat', signal);
  // Flat: without the brackets of each item.
  const data = texts.flatMap((text, i) => [Buffer.from(i > 0 ? ',' : ''), text.subarray(1, -1)]);
  const tail = `]}],"outputs":[{"name":${JSON.stringify(output.name)}}]}`;
  return {
    body: Buffer.concat([Buffer.from(head), ...data, Buffer.from(tail)]),
    headers: { 'content-type': 'application/json' },
  };
}

const answerObject = z.object({
  outputs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.number()),
      datatype: z.string(),
      // KServe writes null for what is absent.
      data: z.array(z.unknown()).nullish(),
      parameters: z.object({ binary_data_size: z.int().nonnegative().nullish() }).nullish(),
    }),
  ),
});

type Output = z.infer<typeof answerObject>['outputs'][number];

/** @returns one output for each item, in order
 *  @throws {Error} with the expected and the received form */
export function readInferAnswer(
  { output: wanted }: NetworkSpec,
  batch: number,
  body: Buffer,
  headerLength: string | undefined,
): Float32Array[] {
  const headLength = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isInteger(headLength) || headLength < 0 || headLength > body.length) {
    throw new Error(`expected its ${headerLengthName} to be within ${body.length} bytes, got ${headerLength}`);
  }
  const outputs = readHead(body.subarray(0, headLength));
  const tensors = body.subarray(headLength);
  let at = 0;
  for (const output of outputs) {
    const bytes = output.parameters?.binary_data_size ?? undefined;
    if (output.name === wanted.name) {
      checkShape(output, wanted, batch);
      return rowsOf(bytes === undefined ? listed(output) : binary(output, tensors, at, bytes), batch);
    }
    at += bytes ?? 0;
  }
  throw new Error(`expected an output "${wanted.name}", got ${outputs.map(({ name }) => `"${name}"`).join(', ')}`);
}

function readHead(head: Buffer): Output[] {
  let json: unknown;
  try {
    json = parseAnswer(head);
  } catch {
    throw new Error(`expected a JSON object of ${head.length} bytes, got something else`);
  }
  const parsed = answerObject.safeParse(json);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data.outputs;
}

function checkShape({ shape, datatype }: Output, wanted: NetworkSpec['output'], batch: number): void {
  const expected = wanted.overTime ? [batch, 'frames', wanted.dimensions] : [batch, wanted.dimensions];
  const fits = shape.length === expected.length && expected.every((size, i) => size === 'frames' || shape[i] === size);
  if (!fits) throw new Error(`expected shape [${expected.join(', ')}], got [${shape.join(', ')}]`);
  if (datatype !== 'FP32') throw new Error(`expected FP32, got ${datatype}`);
}

function listed({ name, shape, data }: Output): Float32Array {
  const values = flatNumbers(data);
  const count = countOf(shape);
  if (values?.length !== count)
    throw new Error(`expected ${count} numbers in "${name}", got ${values?.length ?? 'none'}`);
  return values;
}

function binary({ name, shape }: Output, tensors: Buffer, at: number, bytes: number): Float32Array {
  const expected = countOf(shape) * Float32Array.BYTES_PER_ELEMENT;
  if (bytes !== expected) throw new Error(`expected ${expected} bytes of "${name}", got binary_data_size ${bytes}`);
  if (at + bytes > tensors.length) throw new Error(`expected ${bytes} bytes of "${name}", got ${tensors.length - at}`);
  // Copied, because a Float32Array must start at a multiple of four bytes, which this offset rarely is.
  const copy = new Uint8Array(tensors.subarray(at, at + bytes));
  return new Float32Array(copy.buffer);
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function rowsOf(values: Float32Array, batch: number): Float32Array[] {
  const width = values.length / batch;
  return Array.from({ length: batch }, (_, i) => values.slice(i * width, (i + 1) * width));
}
