/** Tags as the tagging programs of thirty years wrote them, byte for byte. */
export type Frame = readonly [id: string, body: Buffer];

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

function uint32(value: number, bigEndian = true): Buffer {
  const bytes = Buffer.alloc(4);
  if (bigEndian) bytes.writeUInt32BE(value);
  else bytes.writeUInt32LE(value);
  return bytes;
}

export function syncsafe(size: number): Buffer {
  return Buffer.from([(size >> 21) & 127, (size >> 14) & 127, (size >> 7) & 127, size & 127]);
}

/** A text frame's body. @param encoding 0: Latin-1, 1: UTF-16 with a byte order mark, 2: UTF-16BE, 3: UTF-8 */
export function text(value: string | Buffer, encoding = 0): Buffer {
  if (typeof value !== 'string') return Buffer.concat([Buffer.from([encoding]), value]);
  const utf16 = Buffer.from(value, 'utf16le');
  const bytes = [
    () => latin1(value),
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
    () => Buffer.from(utf16).swap16(),
    () => Buffer.from(value, 'utf8'),
  ][encoding] as () => Buffer;
  return Buffer.concat([Buffer.from([encoding]), bytes()]);
}

export interface Id3v2Options {
  readonly version?: 3 | 4;
  readonly flags?: number;
  readonly padding?: number;
  /** Frame sizes of version 2.4 as iTunes wrote them. */
  readonly plainSizes?: boolean;
}

export function id3v2(
  frames: readonly Frame[],
  { version = 3, flags = 0, padding = 0, plainSizes = version === 3 }: Id3v2Options = {},
): Buffer {
  const body = Buffer.concat([
    ...frames.flatMap(([id, bytes]) => [
      latin1(id),
      plainSizes ? uint32(bytes.length) : syncsafe(bytes.length),
      Buffer.alloc(2),
      bytes,
    ]),
    Buffer.alloc(padding),
  ]);
  return Buffer.concat([latin1('ID3'), Buffer.from([version, 0, flags]), syncsafe(body.length), body]);
}

/** Unsynchronisation of a whole version 2.3 tag: a zero after each 0xFF, with the flag set. */
export function unsynchronised(tag: Buffer): Buffer {
  const body = [...tag.subarray(10)].flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte]));
  return Buffer.concat([tag.subarray(0, 5), Buffer.from([0x80]), syncsafe(body.length), Buffer.from(body)]);
}

export function id3v22(frames: readonly Frame[]): Buffer {
  const body = Buffer.concat(frames.flatMap(([id, bytes]) => [latin1(id), uint32(bytes.length).subarray(1), bytes]));
  return Buffer.concat([latin1('ID3'), Buffer.from([2, 0, 0]), syncsafe(body.length), body]);
}

const field = (bytes: Buffer, length: number): Buffer =>
  Buffer.concat([bytes.subarray(0, length), Buffer.alloc(Math.max(0, length - bytes.length))]);

export function id3v1(title: Buffer, artist: Buffer, album: Buffer = Buffer.alloc(0)): Buffer {
  const parts = [
    latin1('TAG'),
    field(title, 30),
    field(artist, 30),
    field(album, 30),
    Buffer.alloc(34),
    latin1('\xff'),
  ];
  return Buffer.concat(parts);
}

export function apeV2(items: readonly (readonly [key: string, value: Buffer])[]): Buffer {
  const body = Buffer.concat(
    items.flatMap(([key, value]) => [uint32(value.length, false), uint32(0), latin1(`${key}\0`), value]),
  );
  const foot = (flags: number): Buffer =>
    Buffer.concat([
      latin1('APETAGEX'),
      ...[2000, body.length + 32, items.length].map((value) => uint32(value, false)),
      uint32(flags, false),
      Buffer.alloc(8),
    ]);
  return Buffer.concat([foot(0xa0000000), body, foot(0x80000000)]);
}

export function chunk(id: string, body: Buffer, bigEndian = false): Buffer {
  return Buffer.concat([latin1(id), uint32(body.length, bigEndian), body, Buffer.alloc(body.length % 2)]);
}

export function listInfo(fields: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(fields).map(([id, value]) => chunk(id, Buffer.concat([value, Buffer.alloc(1)])));
  return chunk('LIST', Buffer.concat([latin1('INFO'), ...parts]));
}

export function characterSet(codePage: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(codePage);
  return chunk('CSET', body);
}

/** Adds chunks to a file and corrects its size. */
export function withChunks(file: Buffer, ...chunks: readonly Buffer[]): Buffer {
  const all = Buffer.concat([file, ...chunks]);
  if (all.toString('latin1', 0, 4) === 'FORM') all.writeUInt32BE(all.length - 8, 4);
  else all.writeUInt32LE(all.length - 8, 4);
  return all;
}

/** A FLAC file with its comments replaced. */
export function withComments(flac: Buffer, comments: readonly Buffer[]): Buffer {
  const blocks: Buffer[] = [];
  let at = 4;
  for (let isLast = false; !isLast; ) {
    const head = flac.readUInt8(at);
    isLast = (head & 0x80) !== 0;
    const length = flac.readUIntBE(at + 1, 3);
    // Only the stream's description is needed.
    if ((head & 0x7f) === 0) blocks.push(block(0, flac.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  const body = Buffer.concat([
    uint32(3, false),
    latin1('odd'),
    uint32(comments.length, false),
    ...comments.flatMap((comment) => [uint32(comment.length, false), comment]),
  ]);
  const last = block(4, body);
  last[0] = 0x84;
  return Buffer.concat([latin1('fLaC'), ...blocks, last, flac.subarray(at)]);
}

function block(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), uint32(body.length).subarray(1), body]);
}
