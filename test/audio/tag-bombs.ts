/** Recordings with tags that are slow to read or far too large. Pure: bytes in, bytes out. */

/** @param frames of ID3v2.4, each an id and its content */
export function withId3(sound: Buffer, frames: readonly (readonly [id: string, content: Buffer])[]): Buffer {
  const body = Buffer.concat(
    frames.map(([id, content]) => Buffer.concat([Buffer.from(id), syncsafe(content.length), Buffer.alloc(2), content])),
  );
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0]), syncsafe(body.length), body, sound]);
}

export function textFrame(id: string, text: string): [string, Buffer] {
  return [id, Buffer.concat([Buffer.from([3]), Buffer.from(text)])];
}

export function commentFrame(text: string): [string, Buffer] {
  return ['COMM', Buffer.concat([Buffer.from([3]), Buffer.from('eng\0'), Buffer.from(text)])];
}

/** @param count of user-defined frames */
export function manyFrames(count: number): [string, Buffer][] {
  return Array.from({ length: count }, (_, i) =>
    textFrame('TXXX', `key ${i}\0value ${i} of ${count}, which nobody reads`),
  );
}

function syncsafe(size: number): Buffer {
  return Buffer.from([21, 14, 7, 0].map((bits) => (size >> bits) & 0x7f));
}

/** @param flac a FLAC file; its comments are replaced */
export function withComments(flac: Buffer, comments: readonly string[]): Buffer {
  let at = 4;
  for (let isLast = false; !isLast; ) {
    isLast = ((flac[at] ?? 0) & 0x80) !== 0;
    at += 4 + flac.readUIntBE(at + 1, 3);
  }
  const entries = comments.flatMap((comment) => [uint32(Buffer.byteLength(comment)), Buffer.from(comment)]);
  const body = Buffer.concat([uint32(0), uint32(comments.length), ...entries]);
  const head = Buffer.from([0x84, body.length >> 16, (body.length >> 8) & 255, body.length & 255]);
  return Buffer.concat([
    flac.subarray(0, 4),
    Buffer.from([0]),
    flac.subarray(5, 8 + 34),
    head,
    body,
    flac.subarray(at),
  ]);
}

/** @param wav a WAVE file of these tests, whose first chunk is 16 bytes of format; a list of these values is inserted after it */
export function withInfo(wav: Buffer, values: readonly (readonly [id: string, text: Buffer])[]): Buffer {
  const entries = values.map(([id, text]) => {
    return Buffer.concat([Buffer.from(id), uint32(text.length), text, Buffer.alloc(text.length % 2)]);
  });
  const body = Buffer.concat([Buffer.from('INFO'), ...entries]);
  const formatEnd = 12 + 8 + wav.readUInt32LE(16);
  const list = Buffer.concat([Buffer.from('LIST'), uint32(body.length), body]);
  const bytes = Buffer.concat([wav.subarray(0, formatEnd), list, wav.subarray(formatEnd)]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Text that ffmpeg prints in quadratic time: 20 MB take minutes. */
export function lineBreaks(bytes: number): Buffer {
  return Buffer.alloc(bytes, '\n');
}
