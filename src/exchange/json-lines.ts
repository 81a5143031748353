/** JSON Lines: one object per chunk. @see https://jsonlines.org */
import { createReadStream } from 'node:fs';
import type { HashedFile } from '../io/durable-file.ts';
import { type ExchangeRow, type PlacedRow, refused, toExchangeRow, toFields } from './exchange-row.ts';

/** 65,536 values of 25 characters, and a fingerprint of hours. */
const lineBytesMax = 16 * 1024 * 1024;

export async function writeJsonLines(file: HashedFile, rows: Iterable<ExchangeRow>, signal: AbortSignal) {
  for (const row of rows) {
    signal.throwIfAborted();
    await file.write(Buffer.from(`${lineOf(row)}\n`));
  }
}

/** Omits unknown fields; the long vector comes last. */
function lineOf(row: ExchangeRow): string {
  const fields = Object.entries(toFields(row)).filter(([, value]) => value !== null);
  const plain = fields.map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  ]);
  return JSON.stringify({ ...Object.fromEntries(plain), embedding: [...row.embedding].map(shortest) });
}

/** Nine significant digits name every float32, and are half as long as those that name its value as a float64.
 *  @see https://en.cppreference.com/w/cpp/types/numeric_limits/max_digits10 */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

export async function* readJsonLines(path: string): AsyncGenerator<PlacedRow, void, undefined> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.trim() === '') continue;
    const where = `line ${number}`;
    yield { row: toExchangeRow(parsed(line, where), where), where };
  }
}

function parsed(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw refused(where, `it is not JSON (NaN is none either): ${(cause as Error).message}`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(where, 'expected an object');
  return value as Record<string, unknown>;
}

/** Node's own line reader has no limit. */
async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let parts: string[] = [];
  let length = 0;
  for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 })) {
    const lines = (text as string).split('\n');
    for (const [at, line] of lines.entries()) {
      parts.push(line);
      length += line.length;
      if (length > lineBytesMax) throw refused('the file', `a line is longer than ${lineBytesMax} bytes`);
      if (at === lines.length - 1) continue;
      yield parts.join('');
      parts = [];
      length = 0;
    }
  }
  if (length > 0) yield parts.join('');
}
