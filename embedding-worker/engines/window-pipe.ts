/** Windows on their way to an inference process, through a pipe of their own: 8 bytes of head (id, samples), then the
 *  samples as they lie in memory.
 *
 *  Node's IPC channel with structured clone was measured at 1.1 ms of the server's thread for a window of 640 kB, this at
 *  0.3 ms; and it hands the garbage collector a copy of each window at either end, which costs several times that.
 */
import type { Readable, Writable } from 'node:stream';
import type { WindowMemory } from './window-memory.ts';

export interface PipedWindow {
  readonly id: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

const headBytes = 8;
/** An hour at 192 kHz would be more; a head that says so is no head. */
const samplesMax = 192_000 * 60;

/** The samples are not copied: they must not change before the answer comes. */
export function writeWindow(pipe: Writable, { id, samples }: { id: number; samples: Float32Array }): void {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(id, 0);
  head.writeUInt32LE(samples.length, 4);
  pipe.write(head);
  pipe.write(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
}

/** In order; ends when the pipe does, whatever was half read then.
 *
 *  @param memory where windows are given back when they are done with
 *  @throws {RangeError} on a window that cannot be one: the two sides are not of one version */
export async function* readWindows(pipe: Readable, memory: WindowMemory): AsyncGenerator<PipedWindow, void> {
  const head = Buffer.alloc(headBytes);
  let headFilled = 0;
  let window: PipedWindow | null = null;
  let bytes = Buffer.alloc(0);
  let filled = 0;
  for await (const part of pipe as AsyncIterable<Buffer>) {
    for (let read = 0; read < part.length; ) {
      if (window === null) {
        const taken = part.copy(head, headFilled, read, read + headBytes - headFilled);
        headFilled += taken;
        read += taken;
        if (headFilled < headBytes) continue;
        window = emptyWindow(head, memory);
        bytes = Buffer.from(window.samples.buffer);
        headFilled = 0;
        filled = 0;
      }
      const taken = part.copy(bytes, filled, read, read + bytes.length - filled);
      filled += taken;
      read += taken;
      if (filled < bytes.length) continue;
      yield window;
      window = null;
    }
  }
}

function emptyWindow(head: Buffer, memory: WindowMemory): PipedWindow {
  const count = head.readUInt32LE(4);
  if (count === 0 || count > samplesMax) throw new RangeError(`Cannot read a window of ${count} samples`);
  return { id: head.readUInt32LE(0), samples: memory.take(count) };
}
