/** Stands in for the text decoder of music-metadata (`@borewit/text-codec`) in the process that reads tags: the library
 *  turns bytes that are not what they were declared as into U+FFFD or into Latin-1, and then nobody can tell what they were.
 *  tag-child.ts puts it in place.
 */
import { textOfBytes } from './byte-text.ts';

/** Names of fields and atoms are four bytes in Latin-1 ("©nam") and compared as such. */
const fourCharacterCode = 4;

export function textDecode(bytes: Uint8Array, encoding = 'utf-8'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const label = encoding.toLowerCase();
  // Halves of pairs would pass for bytes of unknown encoding.
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
