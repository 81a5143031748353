/** Detects constant bit rate of an mp3 from its first frame. Pure.
 *
 *  To seek in an mp3, ffmpeg reads it from the beginning unless it can compute the position, which is exact only at a
 *  constant rate. Encoders write a tag into the first frame: "Info" for a constant rate, "Xing" or "VBRI" for
 *  another. Without a tag the rate is unknown.
 *
 *  @see https://www.codeproject.com/articles/MPEG-Audio-Frame-Header (Xing header), LAME's "Info" tag specification */

/** Enough for the tag after an ID3v2 header without pictures; with pictures, `firstFrameOffset` gives the position. */
export const mp3HeadBytes = 4096;

/** Offset of the first frame: after the ID3v2 tag, whose length has four times seven bits. */
export function firstFrameOffset(head: Uint8Array): number {
  if (head.length < 10 || String.fromCharCode(head[0] ?? 0, head[1] ?? 0, head[2] ?? 0) !== 'ID3') return 0;
  const [a = 0, b = 0, c = 0, d = 0] = head.subarray(6, 10);
  const hasFooter = ((head[5] ?? 0) & 0x10) !== 0;
  return 10 + (((a & 0x7f) << 21) | ((b & 0x7f) << 14) | ((c & 0x7f) << 7) | (d & 0x7f)) + (hasFooter ? 10 : 0);
}

/** @param frame the file's bytes from its first frame on, or a little before it */
export function declaresConstantRate(frame: Uint8Array): boolean {
  const text = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.byteLength, mp3HeadBytes));
  const sync = syncOf(text);
  if (sync === null) return false;
  // 4 bytes of header and at most 32 of side information come before the tag.
  return text.subarray(sync, sync + 4 + 2 + 32 + 4).includes('Info', 0, 'latin1');
}

function syncOf(bytes: Uint8Array): number | null {
  for (let at = 0; at + 1 < bytes.length; at++) {
    // Eleven set bits, then version and layer: layer III, of any version but the reserved one.
    const second = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08) return at;
  }
  return null;
}
