/** Reads a Python pickle that holds data and nothing else.
 *
 *  A pickle is a program, and Python's own reader runs whatever it says; importing a file from a stranger runs their
 *  code. Here only the opcodes that build numbers, texts, bytes, lists, tuples and dictionaries exist. Everything else (a
 *  name to import, a call, an object's state, an extension, a persistent id) is refused by name, and nothing is run.
 *
 *  Ours, because the readers that npm has want the file whole in memory and make every number an object of the heap: a
 *  library of 400,000 vectors is 2 GB of pickle. Lists of numbers become Float32Arrays as they are read.
 *
 *  @see https://github.com/python/cpython/blob/main/Lib/pickletools.py for each opcode
 */
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { PickleBytes } from './bytes.ts';
import { PickleMachine } from './machine.ts';
import { opcodes } from './opcodes.ts';
import type { PickledValue } from './pickled-value.ts';

/** Yields to the event loop and checks the signal after this many opcodes. */
const pauseEachOpcodes = 200_000;

/** @throws {LeitmotifError} 'import-refused' for anything but data, and for a file that is cut off or is no pickle */
export async function readPickle(path: string, signal: AbortSignal): Promise<PickledValue> {
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
