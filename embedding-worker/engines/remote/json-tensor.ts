/** Tensors as JSON, for engines without a binary form. */
import { setImmediate as otherWork } from 'node:timers/promises';
import { LeitmotifError } from '../../../src/errors.ts';

/** Nine digits identify every float32 value exactly. This also takes a third of the time of JSON.stringify, which writes the 17
 *  digits of a double. */
const float32Digits = 9;

/** One item as JSON text: nested arrays by `shape`, or flat.
 *  @param shape its product is the item's length
 *  @throws {LeitmotifError} inference-failed on NaN or an infinite value, which JSON cannot represent */
export function itemToJson(item: Float32Array, shape: readonly number[] | 'flat'): Buffer {
  const rowLength = shape === 'flat' ? item.length : (shape.at(-1) ?? item.length);
  // Number of brackets between two rows: one for each dimension that restarts.
  const strides = shape === 'flat' ? [] : shape.slice(1).map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const depth = shape === 'flat' ? 1 : shape.length;
  let text = '['.repeat(depth);
  for (let at = 0; at < item.length; at += rowLength) {
    if (at > 0) {
      const begun = strides.filter((stride) => at % stride === 0).length;
      text += `${']'.repeat(begun)},${'['.repeat(begun)}`;
    }
    for (let i = at; i < at + rowLength; i++) {
      const value = item[i] as number;
      if (!Number.isFinite(value)) throw new LeitmotifError('inference-failed', `Cannot send ${value} as JSON`);
      text += i > at ? `,${value.toPrecision(float32Digits)}` : value.toPrecision(float32Digits);
    }
  }
  return Buffer.from(text + ']'.repeat(depth), 'latin1');
}

/** The same for several items. A mel window takes 12 ms of the thread that answers health checks, so other work runs between
 *  two items. */
export async function itemsToJson(
  items: readonly Float32Array[],
  shape: readonly number[] | 'flat',
  signal: AbortSignal,
): Promise<Buffer[]> {
  const texts: Buffer[] = [];
  for (const item of items) {
    signal.throwIfAborted();
    texts.push(itemToJson(item, shape));
    await otherWork();
  }
  return texts;
}

/** What Python's json module writes for values that JSON cannot represent. */
const notFinite = /(?<=[[,:\s])(?:NaN|-?Infinity)(?=[\],}\s])/g;

/** Parses an answer with tensors. NaN and infinite values, as MLflow writes them, become null: one bad item does not spoil the
 *  others of its batch.
 *  @throws {SyntaxError} */
export function parseAnswer(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const repaired = text.replace(notFinite, 'null');
    if (repaired === text) throw error;
    return JSON.parse(repaired);
  }
}

/** @param values numbers in nested arrays of any depth; null means NaN, as some servers write it
 *  @returns null when there is any other value */
export function flatNumbers(values: unknown): Float32Array | null {
  if (!Array.isArray(values)) return null;
  const nested: unknown[] = values;
  if (!nested.some(Array.isArray)) return floatsOf(nested);
  const parts = nested.map(flatNumbers);
  if (parts.some((part) => part === null)) return null;
  const all = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts as Float32Array[]) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function floatsOf(values: readonly unknown[]): Float32Array | null {
  if (!values.every((value) => typeof value === 'number' || value === null)) return null;
  return Float32Array.from(values, (value) => (value === null ? Number.NaN : (value as number)));
}
