/** Hides oversized tags from ffmpeg; checked before ffmpeg starts.
 *
 *  ffmpeg reads and prints all tags in time quadratic in their length and number: a comment of 6 MB with line breaks takes
 *  minutes. ID3v2 and FLAC store tags before the sound, with their length. If they are oversized, ffmpeg gets a small file with
 *  a new header and the few tags that are used, followed by the recording from its sound on, which is not copied. For other
 *  containers the limits of opening.ts apply.
 *
 *  @see https://id3.org/id3v2.4.0-structure, https://xiph.org/flac/format.html,
 *    https://ffmpeg.org/ffmpeg-protocols.html (concat, subfile)
 */
import { type FileHandle, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';

/** Text and frames above these limits are excluded. Pictures do not count: ffmpeg skips them. */
const textBytesMax = 256 * 1024;
const framesMax = 1000;
/** Larger tags are not searched for names: no picture is that large. */
const searchedBytesMax = 32 * 1024 * 1024;
/** Limit for one title, artist or album. */
const keptBytesMax = 4096;

/** Protocols of such an address. None of them leaves this machine, and no accepted container refers to other files. */
export const leanProtocols = 'file,subfile,concat';

export interface LeanUrl extends AsyncDisposable {
  /** Address for ffmpeg in place of the file. */
  readonly url: string;
}

/** @returns null when the tags are small or of another kind */
export async function leanUrlOf(path: string): Promise<LeanUrl | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const head = await bytesAt(file, 0, 10);
    const found = isId3(head) ? await lookAtId3(file, head) : isFlac(head) ? await lookAtFlac(file) : null;
    return found === null ? null : await urlOf(path, found);
  } catch {
    // Decoding reports any fault of the file.
    return null;
  } finally {
    await file.close();
  }
}

interface Lean {
  /** Replaces all bytes before `from`. */
  readonly head: Buffer;
  readonly from: number;
}

async function urlOf(path: string, { head, from }: Lean): Promise<LeanUrl> {
  const rest = (file: string) => `subfile,,start,${from},end,0,,:file:${file}`;
  if (head.length === 0) return { url: rest(path), [Symbol.asyncDispose]: async () => {} };
  const folder = await mkdtemp(nodePath.join(tmpdir(), 'leitmotif-head-'));
  const [headFile, link] = [nodePath.join(folder, 'head'), nodePath.join(folder, 'rest')];
  await writeFile(headFile, head);
  // The separator `|` in a name cannot be escaped.
  await symlink(nodePath.resolve(path), link);
  return {
    url: `concat:file:${headFile}|${rest(link)}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function isId3(head: Buffer): boolean {
  const version = head[3] ?? 0;
  return head.length === 10 && head.toString('latin1', 0, 3) === 'ID3' && version >= 2 && version <= 4;
}

function isFlac(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'fLaC';
}

/** Frames that are kept, in version 2.3 and 2.4. Ids of 2.2 have three letters; its oversized tags are dropped whole. */
const keptFrames = new Set(['TIT2', 'TPE1', 'TPE2', 'TALB']);

async function lookAtId3(file: FileHandle, head: Buffer): Promise<Lean | null> {
  const [version = 0, , flags = 0] = head.subarray(3, 6);
  const size = syncsafe(head, 6);
  const end = 10 + size + ((flags & 0x10) !== 0 ? 10 : 0);
  if (size <= textBytesMax && size / 11 <= framesMax) return null;
  const kept: Buffer[] = [];
  let textBytes = 0;
  let frames = 0;
  // The frames of an unsynchronised or extended tag, or of version 2.2, are not parsed.
  const isPlain = version >= 3 && (flags & 0xc0) === 0;
  const searchedEnd = isPlain && size <= searchedBytesMax ? 10 + size : 10;
  for (let at = 10; at + 10 <= searchedEnd && frames <= framesMax; frames += 1) {
    const frame = await bytesAt(file, at, 10);
    const id = frame.toString('latin1', 0, 4);
    if (!/^[A-Z0-9]{4}$/.test(id)) break;
    const length = version === 4 ? syncsafe(frame, 4) : frame.readUInt32BE(4);
    const isText = id.startsWith('T') || id.startsWith('W') || id === 'COMM' || id === 'USLT' || id === 'PRIV';
    if (isText) textBytes += length;
    if (keptFrames.has(id) && length <= keptBytesMax) kept.push(await bytesAt(file, at, 10 + length));
    at += 10 + length;
  }
  const isLarge = textBytes > textBytesMax || frames > framesMax || searchedEnd < size;
  return isLarge ? { head: id3Of(version, kept), from: end } : null;
}

function id3Of(version: number, frames: readonly Buffer[]): Buffer {
  if (frames.length === 0) return Buffer.alloc(0);
  const body = Buffer.concat(frames);
  const sizes = [21, 14, 7, 0].map((bits) => (body.length >> bits) & 0x7f);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([version, 0, 0, ...sizes]), body]);
}

function syncsafe(bytes: Buffer, at: number): number {
  let value = 0;
  for (const byte of bytes.subarray(at, at + 4)) value = (value << 7) | (byte & 0x7f);
  return value;
}

const streamInfo = 0;
const vorbisComment = 4;
const isLast = 0x80;
const blocksMax = 10_000;

async function lookAtFlac(file: FileHandle): Promise<Lean | null> {
  let info: Buffer | null = null;
  let comments: Buffer | null = null;
  let commentBytes = 0;
  let at = 4;
  for (let blocks = 0; blocks < blocksMax; blocks += 1) {
    const head = await bytesAt(file, at, 4);
    if (head.length < 4) return null;
    const type = (head[0] ?? 0) & 0x7f;
    const length = head.readUIntBE(1, 3);
    if (type === streamInfo && length === 34) info ??= await bytesAt(file, at + 4, length);
    if (type === vorbisComment) {
      commentBytes += length;
      comments ??= await bytesAt(file, at + 4, length);
    }
    at += 4 + length;
    if (((head[0] ?? 0) & isLast) === 0) continue;
    if (info === null || comments === null || !isLarge(commentBytes, comments)) return null;
    return { head: flacHead(info, comments), from: at };
  }
  return null;
}

function isLarge(bytes: number, comments: Buffer): boolean {
  if (bytes > textBytesMax) return true;
  const countAt = comments.length >= 8 ? 4 + comments.readUInt32LE(0) : 0;
  return countAt + 4 <= comments.length && comments.readUInt32LE(countAt) > framesMax;
}

function flacHead(info: Buffer, comments: Buffer): Buffer {
  const kept = keptComments(comments);
  const sizes = [numberOf(0), numberOf(kept.length), ...kept.flatMap((entry) => [numberOf(entry.length), entry])];
  const body = Buffer.concat(sizes);
  const blockHead = (type: number, length: number) =>
    Buffer.from([type, length >> 16, (length >> 8) & 255, length & 255]);
  return Buffer.concat([
    ...[Buffer.from('fLaC'), blockHead(streamInfo, info.length), info],
    ...[blockHead(isLast | vorbisComment, body.length), body],
  ]);
}

function keptComments(comments: Buffer): Buffer[] {
  const kept: Buffer[] = [];
  let at = 4 + comments.readUInt32LE(0) + 4;
  while (at + 4 <= comments.length && kept.length < 16) {
    const length = comments.readUInt32LE(at);
    const entry = comments.subarray(at + 4, at + 4 + length);
    const isKept = /^(title|artist|albumartist|album)=/i.test(entry.toString('latin1', 0, 12));
    if (isKept && length <= keptBytesMax) kept.push(entry);
    at += 4 + length;
  }
  return kept;
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}
