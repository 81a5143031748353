/** Distinguishes text from a recording by its first bytes; the server's content type is ignored. Pure. */

/** Number of bytes to check. Every audio container and compressed stream has a binary byte among them. */
export const sniffedBytes = 512;

/** Whether a file starts like text (HTML, JSON, a playlist, an error message).
 *  @param head the first bytes, `sniffedBytes` of them unless there are fewer; nothing is not a text
 *  @see https://mimesniff.spec.whatwg.org/#binary-data-byte */
export function beginsAsText(head: Uint8Array): boolean {
  const hasUtf16Mark =
    (head[0] === 0xfe && head[1] === 0xff) || (head[0] === 0xff && head[1] === 0xfe && head[3] === 0);
  return head.length > 0 && (hasUtf16Mark || !head.some(isBinaryByte));
}

function isBinaryByte(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}
