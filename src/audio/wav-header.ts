/** Reads the head of the WAVE stream that ffmpeg writes for us: the tags, and where the samples begin.
 *
 *  The tags come this way because each is a length and that many bytes: a title with a newline stays one title, where
 *  a line-based listing would let it pose as other fields. Values that no title needs are passed over, however long.
 *
 *  @see Multimedia Programming Interface and Data Specifications 1.0, "RIFF" (INFO list chunk)
 */
import type { RecordingTags } from '../domain.ts';

/** A value that is longer counts as none. */
const valueBytesMax = 64 * 1024;
/** Of a RIFF file and of an INFO list: an id, a length, a form. */
const formBytes = 12;
const chunkHeadBytes = 8;

type State = 'riff' | 'chunks' | 'info' | 'samples';

export class WavHeadReader {
  #state: State = 'riff';
  /** What came and was not read yet: less than a head, or a value on its way. */
  #pending: Buffer = Buffer.alloc(0);
  #toSkip = 0;
  readonly #found = new Map<string, string>();

  /** To be called until it answers; then what follows are samples.
   *  @returns the first bytes of the samples, none perhaps; null while they have not been reached
   *  @throws {RangeError} when it is no WAVE stream */
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

  /** @returns the bytes that it read; 0 when it needs more */
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
        // Its length is not to be relied on: ffmpeg cannot go back in a pipe to correct it. The samples come next.
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

/** ffmpeg hands on what stands in the file, which need not be the UTF-8 that the container prescribes. */
function decodeText(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
}
