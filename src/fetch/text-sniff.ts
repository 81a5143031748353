/** Tells a page from a recording by its first bytes: what a server calls its content is not believed either way. Pure. */

/** How many bytes are looked at. Every audio container and every compressed stream has a byte of binary among them. */
export const sniffedBytes = 512;

/** Whether this is how a text begins (HTML, JSON, a playlist, an error message).
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
