/** Reads title, artist, album and album artist of an ID3v2 tag.
 *
 *  music-metadata also reads ID3v2, but loads the whole tag into memory and turns each frame into objects: 10 MB of padding took
 *  it 2 s, and 200,000 comments took some hundred megabytes. It also stops at a frame with a wrong size written by iTunes,
 *  splits "AC/DC", and does not undo the unsynchronisation of version 4. This reader skips other frames.
 *
 *  @see https://id3.org/id3v2.3.0, https://id3.org/id3v2.4.0-structure, https://id3.org/id3v2-00
 */
import { inflateSync } from 'node:zlib';
import { textOfBytes } from './byte-text.ts';
import type { RecordingFile } from './recording-file.ts';
import { emptyTagValues, type TagField, type TagValues } from './tag-values.ts';

export interface Id3v2 {
  readonly values: TagValues;
  /** Position of the first byte after the tag. */
  readonly end: number;
}

const headBytes = 10;
/** Limit of frames. A frame has at least a header, so more frames are an attempt to slow down the reader. */
const framesMax = 1_000_000;
/** Largest text; the rest is cut off. Titles of a few hundred letters are long. */
export const textBytesMax = 16 * 1024;
/** Largest part of a tag that is read when unsynchronisation must be undone for the whole tag. */
const unsyncedBytesMax = 4 * 1024 * 1024;

/** Ids of version 2; some writers also use them in version 3. */
const fieldOf: Readonly<Record<string, TagField>> = {
  TIT2: 'title',
  TPE1: 'artist',
  TALB: 'album',
  TPE2: 'albumArtist',
  TT2: 'title',
  TP1: 'artist',
  TAL: 'album',
  TP2: 'albumArtist',
};

/** @param at position of the tag
 *  @returns null if there is none */
export function readId3v2(file: RecordingFile, at: number): Id3v2 | null {
  const head = Buffer.from(file.read(at, headBytes));
  if (head.length < headBytes || head.toString('latin1', 0, 3) !== 'ID3') return null;
  const version = head[3] as number;
  const flags = head[5] as number;
  const size = syncsafe(head, 6);
  const hasFooter = version === 4 && (flags & 0x10) !== 0;
  const end = at + headBytes + size + (hasFooter ? headBytes : 0);
  const isCompressed = version === 2 && (flags & 0x40) !== 0;
  const values = emptyTagValues();
  if (version < 2 || version > 4 || isCompressed) return { values, end };
  const isUnsynced = (flags & 0x80) !== 0;
  const bodyAt = at + headBytes;
  const source: FrameSource =
    isUnsynced && version < 4
      ? bufferSource(resync(file.read(bodyAt, Math.min(size, unsyncedBytesMax))))
      : { read: (from, length) => file.read(bodyAt + from, Math.min(length, Math.max(0, size - from))) };
  const first = version > 2 && (flags & 0x40) !== 0 ? extendedHeaderBytes(source, version) : 0;
  readFrames(source, { version, isUnsynced, first }, values);
  return { values, end };
}

interface FrameSource {
  /** @returns fewer bytes than requested at the end of the tag */
  read(from: number, length: number): Buffer;
}

function bufferSource(bytes: Buffer): FrameSource {
  return { read: (from, length) => bytes.subarray(from, from + length) };
}

interface Layout {
  readonly version: number;
  readonly isUnsynced: boolean;
  readonly first: number;
}

function readFrames(source: FrameSource, { version, isUnsynced, first }: Layout, values: TagValues): void {
  const frameHeadBytes = version === 2 ? 6 : 10;
  for (let at = first, frames = 0; frames < framesMax; frames++) {
    const head = Buffer.from(source.read(at, frameHeadBytes));
    const id = frameId(head, version);
    if (head.length < frameHeadBytes || id === null) return;
    const size = frameSize(source, at, head, version);
    const field = fieldOf[id];
    if (field !== undefined) {
      const flags = version === 2 ? 0 : (head[9] as number);
      const bytes = Buffer.from(source.read(at + frameHeadBytes, Math.min(size, textBytesMax)));
      const body = plainBody(bytes, { version, flags, isUnsynced });
      if (body !== null) values[field].push(...textsOf(body));
    }
    at += frameHeadBytes + size;
  }
}

/** @returns null at padding or at the end */
function frameId(head: Buffer, version: number): string | null {
  const id = head.toString('latin1', 0, version === 2 ? 3 : 4);
  return /^[A-Z][A-Z0-9]{2}[A-Z0-9 \0]?$/.test(id) ? id.replace(/[ \0]$/, '') : null;
}

/** In version 4 a size has seven bits per byte, but iTunes wrote eight. The form that leads to another frame is used. */
function frameSize(source: FrameSource, at: number, head: Buffer, version: number): number {
  if (version === 2) return head.readUIntBE(3, 3);
  const plain = head.readUInt32BE(4);
  if (version === 3) return plain;
  const safe = syncsafe(head, 4);
  if (plain === safe) return plain;
  if ((plain & 0x80808080) !== 0) return plain;
  return leadsOn(source, at + 10 + safe) || !leadsOn(source, at + 10 + plain) ? safe : plain;
}

function leadsOn(source: FrameSource, at: number): boolean {
  const next = source.read(at, 4);
  return next.length < 4 || next.readUInt32BE(0) === 0 || /^[A-Z][A-Z0-9]{3}$/.test(next.toString('latin1'));
}

/** @returns null for an encrypted or undecodable frame */
function plainBody(
  bytes: Buffer,
  { version, flags, isUnsynced }: { version: number; flags: number; isUnsynced: boolean },
): Buffer | null {
  if (version === 2) return bytes;
  const isV3 = version === 3;
  const has = (inV3: number, inV4: number): boolean => (flags & (isV3 ? inV3 : inV4)) !== 0;
  if (has(0x40, 0x04)) return null;
  let body = bytes;
  const isCompressed = has(0x80, 0x08);
  if (!isV3 && (isUnsynced || has(0, 0x02))) body = resync(body);
  if (isV3 && isCompressed) body = body.subarray(4);
  if (has(0x20, 0x40)) body = body.subarray(1);
  if (has(0, 0x01)) body = body.subarray(4);
  if (!isCompressed) return body;
  try {
    return inflateSync(body, { maxOutputLength: textBytesMax });
  } catch {
    return null;
  }
}

/** Undoes unsynchronisation, which inserts a zero after each 0xFF so that decoders do not mistake it for audio. */
function resync(bytes: Buffer): Buffer {
  const resynced = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    resynced[length++] = bytes[i] as number;
    if (bytes[i] === 0xff && bytes[i + 1] === 0) i++;
  }
  return resynced.subarray(0, length);
}

/** Values of a text frame, separated by zeros: by the standard from version 4 on, by convention before. */
function textsOf(body: Buffer): string[] {
  const encoding = body[0] ?? 0;
  if (encoding === 1 || encoding === 2) return utf16Of(body.subarray(1), encoding === 2).split('\0');
  // Some writers omit the encoding.
  const text = encoding === 0 || encoding === 3 ? body.subarray(1) : body;
  return splitAtZeros(text).map(textOfBytes);
}

function splitAtZeros(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let zero = bytes.indexOf(0); zero >= 0; zero = bytes.indexOf(0, at)) {
    parts.push(bytes.subarray(at, zero));
    at = zero + 1;
  }
  parts.push(bytes.subarray(at));
  return parts;
}

/** Each value may begin with a byte order mark. Without one, a zero in the first half of a character shows the byte order. */
function utf16Of(bytes: Buffer, isBigEndian: boolean): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  const mark = even.length >= 2 ? even.readUInt16BE(0) : 0;
  const isBigEndianText = mark === 0xfeff || (mark !== 0xfffe && (isBigEndian || zerosComeFirst(even)));
  if (isBigEndianText) even.swap16();
  return even.toString('utf16le').replaceAll('\ufeff', '').replaceAll('\ufffe', '').toWellFormed();
}

function zerosComeFirst(bytes: Buffer): boolean {
  let [first, second] = [0, 0];
  for (let i = 0; i < bytes.length; i += 2) {
    if (bytes[i] === 0 && bytes[i + 1] !== 0) first++;
    if (bytes[i + 1] === 0 && bytes[i] !== 0) second++;
  }
  return first > second;
}

function extendedHeaderBytes(source: FrameSource, version: number): number {
  const size = source.read(0, 4);
  if (size.length < 4) return 0;
  // Version 3 does not count the size itself.
  return version === 3 ? size.readUInt32BE(0) + 4 : syncsafe(size, 0);
}

function syncsafe(bytes: Buffer, at: number): number {
  const part = (i: number): number => (bytes[at + i] as number) & 0x7f;
  return (part(0) << 21) | (part(1) << 14) | (part(2) << 7) | part(3);
}
