/** Replaces the text decoder of music-metadata (`@borewit/text-codec`) in the tag process. The original turns bytes with a wrong
 *  declared encoding into U+FFFD or Latin-1, which loses them. Installed by tag-child.ts.
 */
import { textOfBytes } from './byte-text.ts';

/** Names of fields and atoms are four bytes in Latin-1 ("©nam"). */
const fourCharacterCode = 4;

export function textDecode(bytes: Uint8Array, encoding = 'utf-8'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const label = encoding.toLowerCase();
  // Lone surrogates would be treated as bytes of unknown encoding.
  if (label === 'utf-16le') return buffer.toString('utf16le').toWellFormed();
  if (label === 'windows-1252') return new TextDecoder('windows-1252').decode(buffer);
  const isUtf8 = label === 'utf-8' || label === 'utf8';
  if (!isUtf8 && buffer.length <= fourCharacterCode) return buffer.toString('latin1');
  return textOfBytes(buffer);
}

export function textEncode(text = '', encoding = 'utf-8'): Uint8Array {
  const label = encoding.toLowerCase();
  if (label === 'utf-8' || label === 'utf8') return Buffer.from(text, 'utf8');
  return Buffer.from(text, label === 'utf-16le' ? 'utf16le' : 'latin1');
}
