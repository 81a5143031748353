/** Bodies of a Databricks Model Serving endpoint for a custom model, as MLflow's scoring server reads and writes them. Pure.
 *
 *  Requests have `inputs`: by the tensor's name, for a model logged with a named signature (as `mlflow.onnx` does), or bare, for
 *  a model logged without names. Answers have `predictions` in one of three forms:
 *  rows `[[...], ...]`, records `[{"audio_embeds": [...]}, ...]`, or columns `{"audio_embeds": [[...], ...]}`.
 *  @see https://docs.databricks.com/aws/en/machine-learning/model-serving/score-custom-model-endpoints
 */

import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import { flatNumbers, parseAnswer } from './json-tensor.ts';

export type InputForm = 'named' | 'bare';

/** @param texts items as nested JSON */
export function invocationBody(texts: readonly Buffer[], { input }: NetworkSpec, form: InputForm): Buffer {
  const [before, after] =
    form === 'named' ? [`{"inputs":{${JSON.stringify(input.name)}:[`, ']}}'] : ['{"inputs":[', ']}'];
  const comma = Buffer.from(',');
  return Buffer.concat([
    Buffer.from(before),
    ...texts.flatMap((text, i) => (i > 0 ? [comma, text] : [text])),
    Buffer.from(after),
  ]);
}

/** Upper bound of a body's bytes without its items. */
export const invocationOverheadBytes = 1_000;

/** @returns one output for each item, in order
 *  @throws {Error} with the expected and the received form */
export function readPredictions({ output }: NetworkSpec, batch: number, body: Buffer): Float32Array[] {
  const predictions = predictionsOf(body);
  const rows = listOf(predictions, output.name);
  if (rows.length !== batch) throw new Error(`expected ${batch} predictions, got ${rows.length}`);
  return rows.map((row) => {
    const values = flatNumbers(rowOf(row, output.name));
    const fits = output.overTime
      ? values !== null && values.length > 0 && values.length % output.dimensions === 0
      : values?.length === output.dimensions;
    if (!values || !fits) {
      throw new Error(
        `expected ${output.dimensions} numbers in a prediction, got ${values?.length ?? 'something else'}`,
      );
    }
    return values;
  });
}

function predictionsOf(body: Buffer): unknown {
  let json: unknown;
  try {
    json = parseAnswer(body);
  } catch {
    throw new Error(`expected JSON, got ${body.length} bytes of something else`);
  }
  if (isRecord(json) && json.predictions !== undefined) return json.predictions;
  throw new Error('expected "predictions", got none');
}

function listOf(predictions: unknown, name: string): unknown[] {
  if (Array.isArray(predictions)) return predictions;
  const column = isRecord(predictions) ? columnOf(predictions, name) : undefined;
  if (Array.isArray(column)) return column;
  throw new Error('expected "predictions" to be a list, or lists by name');
}

function rowOf(row: unknown, name: string): unknown {
  return isRecord(row) ? columnOf(row, name) : row;
}

/** The column with the output's name, or the only column. */
function columnOf(record: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  const values = Object.values(record);
  if (values.length === 1) return values[0];
  throw new Error(`expected "${name}" among the predictions, got ${Object.keys(record).join(', ') || 'none'}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
