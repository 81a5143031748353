/** Reads the header of the WAVE stream from ffmpeg: the tags, and the start of the samples.
 *
 *  Tags are read here because each value has a length: a title with a newline stays one title, while in ffmpeg's line-based
 *  output it could pose as other fields. Oversized values are skipped, however long.
 *
 *  @see Multimedia Programming Interface and Data Specifications 1.0, "RIFF" (INFO list chunk)
 */
import type { RecordingTags } from '../domain.ts';

/** A longer value is ignored. */
const valueBytesMax = 64 * 1024;
/** Header of a RIFF file and of an INFO list: an id, a length, a form. */
const formBytes = 12;
const chunkHeadBytes = 8;

type State = 'riff' | 'chunks' | 'info' | 'samples';

export class WavHeadReader {
  #state: State = 'riff';
  /** Bytes not parsed yet: part of a header or of a value. */
  #pending: Buffer = Buffer.alloc(0);
  #toSkip = 0;
  readonly #found = new Map<string, string>();

  /** Call it until it returns bytes; all later parts are samples.
   *  @returns the first bytes of the samples, possibly none; null while they have not been reached
   *  @throws {RangeError} when the stream is not WAVE */
  read(part: Buffer): Buffer | null {
    let bytes = this.#pending.length === 0 ? part : Buffer.concat([this.#pending, part]);
    while (this.#state !== 'samples') {
      const skipped = Math.min(this.#toSkip, bytes.length);
      this.#toSkip -= skipped;
      bytes = bytes.subarray(skipped);
      const taken = this.#toSkip > 0 ? 0 : this.#step(bytes);
      if (taken === 0) {
        this.#pending = Buffer.from(bytes);
        return null;
      }
      bytes = bytes.subarray(taken);
    }
    return bytes;
  }

  get tags(): RecordingTags {
    const [title, artist, album] = ['INAM', 'IART', 'IPRD'].map((id) => this.#found.get(id) || null);
    return { title: title ?? null, artist: artist ?? null, album: album ?? null };
  }

  /** @returns the number of parsed bytes; 0 when more are needed */
  #step(bytes: Buffer): number {
    if (this.#state === 'riff') return this.#riff(bytes);
    if (bytes.length < chunkHeadBytes) return 0;
    const id = bytes.toString('latin1', 0, 4);
    const size = bytes.readUInt32LE(4);
    if (id === 'data') {
      this.#state = 'samples';
      return chunkHeadBytes;
    }
    return this.#state === 'info' ? this.#value(bytes, id, size) : this.#chunk(bytes, id, size);
  }

  #riff(bytes: Buffer): number {
    if (bytes.length < formBytes) return 0;
    if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
      throw new RangeError(`Cannot read a WAVE head: got ${bytes.toString('hex', 0, formBytes)}`);
    }
    this.#state = 'chunks';
    return formBytes;
  }

  #chunk(bytes: Buffer, id: string, size: number): number {
    if (id === 'LIST') {
      if (bytes.length < formBytes) return 0;
      if (bytes.toString('latin1', 8, 12) === 'INFO') {
        // The length of this list is wrong: ffmpeg cannot go back in a pipe to correct it. Its values are parsed one by one.
        this.#state = 'info';
        return formBytes;
      }
    }
    this.#toSkip = size + (size % 2);
    return chunkHeadBytes;
  }

  #value(bytes: Buffer, id: string, size: number): number {
    const padded = size + (size % 2);
    if (size > valueBytesMax) {
      this.#toSkip = padded;
      return chunkHeadBytes;
    }
    if (bytes.length < chunkHeadBytes + padded) return 0;
    const text = decodeText(bytes.subarray(chunkHeadBytes, chunkHeadBytes + size));
    this.#found.set(id, text.replace(/\0[\s\S]*$/, '').trim());
    return chunkHeadBytes + padded;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const windows1252 = new TextDecoder('windows-1252');

/** ffmpeg passes the file's bytes on, which may not be the UTF-8 that the container requires. */
function decodeText(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
}
