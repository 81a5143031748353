/** Reads the head of the WAVE stream that ffmpeg writes for us: the tags, and where the samples begin. Pure.
 *
 *  The tags come this way because each is a length and that many bytes: a title with a newline stays one title, where
 *  a line-based listing would let it pose as other fields.
 *
 *  @see Multimedia Programming Interface and Data Specifications 1.0, "RIFF" (INFO list chunk)
 */
import type { RecordingTags } from '../domain.ts';

export interface WavHead {
  readonly tags: RecordingTags;
  /** Bytes before the first sample. */
  readonly headBytes: number;
}

/** Tags of any sane file fit; cover art is no tag. Larger heads are not waited for. */
export const headBytesMax = 4 * 1024 * 1024;

/** @returns null while `bytes` do not reach to the first sample
 *  @throws {RangeError} when they are no WAVE stream */
export function readWavHead(bytes: Buffer): WavHead | null {
  if (bytes.length < 12) return null;
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new RangeError(`Cannot read a WAVE head: got ${bytes.toString('hex', 0, 12)}`);
  }
  let tags: RecordingTags = { title: null, artist: null, album: null };
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === 'data') return { tags, headBytes: body };
    if (body + size > bytes.length) return null;
    if (id === 'LIST' && bytes.toString('latin1', body, body + 4) === 'INFO') {
      tags = readInfo(bytes.subarray(body + 4, body + size));
    }
    at = body + size + (size % 2);
  }
  return null;
}

function readInfo(list: Buffer): RecordingTags {
  const found = new Map<string, string>();
  for (let at = 0; at + 8 <= list.length; ) {
    const size = list.readUInt32LE(at + 4);
    const text = list.toString('utf8', at + 8, Math.min(at + 8 + size, list.length));
    found.set(list.toString('latin1', at, at + 4), text.replace(/\0[\s\S]*$/, '').trim());
    at += 8 + size + (size % 2);
  }
  return { title: found.get('INAM') || null, artist: found.get('IART') || null, album: found.get('IPRD') || null };
}
