/** Parses the metadata of an Open Inference server and checks its model. Pure. */
import { z } from 'zod';
import { LeitmotifError } from '../../../src/errors.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';

const serverAnswer = z.object({ name: z.string().optional(), extensions: z.array(z.string()).default([]) });

const tensor = z.object({
  name: z.string(),
  datatype: z.string(),
  // Some servers write 64-bit numbers as text.
  shape: z.array(z.coerce.number()),
});

/** Only Triton requires a model to declare its tensors. */
const tensors = z
  .array(tensor)
  .nullish()
  .transform((declared) => declared ?? []);
const modelAnswer = z.object({ inputs: tensors, outputs: tensors });

type Tensor = z.infer<typeof tensor>;
export type ModelMetadata = z.infer<typeof modelAnswer>;

const configAnswer = z.object({ max_batch_size: z.coerce.number().default(0) });

/** @throws {Error} on an answer in another form */
export const serverMetadata = (body: Buffer) => parse(serverAnswer, body);
export const metadataAnswer = (body: Buffer) => parse(modelAnswer, body);
export const modelConfig = (body: Buffer) => parse(configAnswer, body);

function parse<T>(schema: z.ZodType<T>, body: Buffer): T {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new Error('expected JSON', { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

/** A model that declares no tensors passes: its first answer shows what it computes.
 *  @returns the largest batch: 1, or Infinity when the first dimension is open
 *  @throws {LeitmotifError} config-invalid when the model differs from the expected one */
export function checkModelMetadata(spec: NetworkSpec, { inputs, outputs }: ModelMetadata, where: string): number {
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('config-invalid', `Cannot use ${where} for ${spec.name}: ${why}`);
  if (inputs.length === 0 && outputs.length === 0) return Number.POSITIVE_INFINITY;
  const input = inputs.find(({ name }) => name === spec.input.name);
  if (!input || inputs.length !== 1) throw cannot(`expected one input "${spec.input.name}", got ${namesOf(inputs)}`);
  const output = outputs.find(({ name }) => name === spec.output.name);
  if (!output) throw cannot(`expected an output "${spec.output.name}", got ${namesOf(outputs)}`);
  const { itemShape } = spec.input;
  const { dimensions, overTime } = spec.output;
  const batches = [
    batchOf(input, itemShape, itemShape.join(', '), cannot),
    batchOf(
      output,
      overTime ? [-1, dimensions] : [dimensions],
      overTime ? `frames, ${dimensions}` : `${dimensions}`,
      cannot,
    ),
  ];
  return batches.includes(1) ? 1 : Number.POSITIVE_INFINITY;
}

/** @returns the first dimension; -1 means any size */
function batchOf(
  { name, datatype, shape }: Tensor,
  item: readonly number[],
  words: string,
  cannot: (why: string) => LeitmotifError,
): number {
  const [batch = 0, ...rest] = shape;
  const fits = rest.length === item.length && rest.every((size, i) => size < 0 || item[i] === -1 || size === item[i]);
  if (datatype !== 'FP32' || !fits || !(batch < 0 || batch === 1)) {
    throw cannot(`expected "${name}" to be FP32 [-1, ${words}], got ${datatype} [${shape.join(', ')}]`);
  }
  return batch;
}

function namesOf(tensors: readonly Tensor[]): string {
  return tensors.map(({ name }) => `"${name}"`).join(', ') || 'none';
}
