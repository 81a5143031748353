/** Reads the original system's pickle, a list of dictionaries {file_name, chunk_id, embedding}: data and nothing else.
 *
 *  A pickle is a program, and Python's own reader runs whatever it says; importing an untrusted file runs its code. Here only
 *  the opcodes that build numbers, texts, bytes, lists, tuples and dictionaries exist. Everything else (a name to import, a
 *  call, an object's state, an extension, a persistent id) is refused by name, and no code is run.
 *
 *  Our own, because the readers on npm need the whole file in memory and make every number a heap object: a library of
 *  400,000 vectors is 2 GB of pickle. Lists of numbers become Float32Arrays while they are read.
 *
 *  @see https://github.com/python/cpython/blob/main/Lib/pickletools.py for each opcode
 */
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type PlacedRow, refused, toExchangeRow } from '../exchange-row.ts';
import { PickleBytes } from './bytes.ts';
import { PickleMachine } from './machine.ts';
import { opcodes } from './opcodes.ts';
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

/** A vector, or a list of one vector. Deeper nesting is refused: a list may contain itself, or another one a million times. */
function plain(value: PickledValue): unknown {
  if (!(value instanceof PickledList)) return value;
  if (value.numbers !== null) return value.numbers;
  const [only] = value.items;
  return value.items.length === 1 && only instanceof PickledList ? [only.numbers ?? only.items] : value.items;
}

/** Yields to the event loop and checks the signal after this many opcodes. */
const pauseEachOpcodes = 200_000;

/** @throws {LeitmotifError} 'import-refused' for anything but data, and for a file that is cut off or is no pickle */
async function readPickle(path: string, signal: AbortSignal): Promise<PickledValue> {
  await using file = await open(path, 'r');
  const machine = new PickleMachine(new PickleBytes(file), opcodes);
  for (let opcodes = 1; ; opcodes++) {
    // Most opcodes complete synchronously; 200 million promises would dominate the run time.
    const step = machine.step();
    if (step) await step;
    if (machine.isFinished) return machine.result();
    if (opcodes % pauseEachOpcodes !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
}
