/** Text whose encoding is unknown or declared wrongly, without losing a byte. Pure.
 *
 *  Bytes that are valid UTF-8 become text, whatever their declared encoding: other encodings are practically never valid UTF-8.
 *  Otherwise each byte above 127 becomes a lone surrogate (U+DC80 to U+DCFF), which no valid text contains, so that the encoding
 *  can be guessed later from all the tags of a file together (guess-encoding.ts).
 *
 *  @see https://peps.python.org/pep-0383/ for the scheme ("surrogateescape")
 */
const utf8 = new TextDecoder('utf-8', { fatal: true });
const escapeBase = 0xdc00;
const escaped = /[\udc80-\udcff]/;
const escapedRuns = /[\udc80-\udcff]/g;

/** @param bytes as in the file; ends at the first zero byte if only zeros follow */
export function textOfBytes(bytes: Uint8Array): string {
  const valid = decodeUtf8(bytes) ?? decodeUtf8(withoutCutCharacter(bytes));
  if (valid !== null) return valid;
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte < 0x80 ? byte : escapeBase + byte);
  return text;
}

export function hasUnknownBytes(text: string): boolean {
  return escaped.test(text);
}

/** Returns the bytes that `textOfBytes` could not decode. The text must be its result. */
export function bytesOfText(text: string): Buffer {
  return Buffer.from(
    text.replace(escapedRuns, (character) => String.fromCharCode(character.charCodeAt(0) - escapeBase)),
    'latin1',
  );
}

function decodeUtf8(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Drops a character that a field of fixed length (ID3v1) cut off. Requires a complete multi-byte character before it, because
 *  "Café" in Latin-1 would match otherwise.
 *  @returns null if the bytes do not match */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array | null {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  for (let cut = 1; cut <= 3 && cut < end; cut++) {
    const byte = bytes[end - cut] as number;
    if (byte < 0x80) return null;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const before = bytes.subarray(0, end - cut);
    return needed > cut && before.some((one) => one >= 0x80) ? before : null;
  }
  return null;
}
