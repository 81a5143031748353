/** The original system's pickle: a list of dictionaries {file_name, chunk_id, embedding}. */
import { setImmediate } from 'node:timers/promises';
import { type PlacedRow, refused, toExchangeRow } from '../exchange-row.ts';
import { readPickle } from './pickle.ts';
import { PickledList, type PickledValue } from './pickled-value.ts';

/** Yields to the event loop after this many rows. */
const rowsAtOnce = 1_000;

/** The whole pickle is in memory: little more than the bytes of its vectors. */
export async function* readPickledRows(path: string, signal: AbortSignal): AsyncGenerator<PlacedRow, void, undefined> {
  const value = await readPickle(path, signal);
  const items = value instanceof PickledList ? value.items : value;
  if (!Array.isArray(items)) throw refused('the pickle', 'expected a list of dictionaries');
  for (const [at, item] of (items as readonly PickledValue[]).entries()) {
    const where = `item ${at + 1}`;
    if (!(item instanceof Map)) throw refused(where, 'expected a dictionary');
    const fields = [...(item as ReadonlyMap<string, PickledValue>)].map(([name, field]) => [name, plain(field)]);
    yield { row: toExchangeRow(Object.fromEntries(fields), where), where };
    if (at % rowsAtOnce === 0) await setImmediate();
  }
}

/** A vector, or a list with a vector in it. Deeper is none; and a list may hold itself, or a million times another. */
function plain(value: PickledValue): unknown {
  if (!(value instanceof PickledList)) return value;
  if (value.numbers !== null) return value.numbers;
  const [only] = value.items;
  return value.items.length === 1 && only instanceof PickledList ? [only.numbers ?? only.items] : value.items;
}
