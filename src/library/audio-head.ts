/** Detects audio files without an extension by their first bytes. Decoding decides; this check only avoids decoding text files. */
import { open } from 'node:fs/promises';

/** Magic bytes with their offset in the file. */
const beginnings: readonly (readonly [at: number, bytes: string])[] = [
  ...[
    'ID3',
    'fLaC',
    'OggS',
    'MAC ',
    'wvPk',
    'TTA1',
    'caff',
    '.snd',
    'DSD ',
    'FRM8',
    '#!AMR',
    'MPCK',
    'MP+',
    'ajkg',
  ].map((text): readonly [number, string] => [0, text]),
  ...['tBaK', '.RMF', '\x1a\x45\xdf\xa3', '\x30\x26\xb2\x75', '\x0b\x77', 'FLV\x01', '\x7f\xfe\x80\x01'].map(
    (text): readonly [number, string] => [0, text],
  ),
  [4, 'ftyp'],
  // RIFF, RF64 and AIFF.
  ...['WAVE', 'AVI ', 'AIFF', 'AIFC'].map((text): readonly [number, string] => [8, text]),
];

/** An MPEG audio frame: eleven set bits, and no reserved value of the standard. */
function isMpegFrame(head: Buffer): boolean {
  const [first = 0, second = 0, third = 0] = head;
  const isReserved = (second & 0x18) === 0x08 || (third & 0xf0) === 0xf0 || (third & 0x0c) === 0x0c;
  return first === 0xff && (second & 0xe0) === 0xe0 && !isReserved;
}

/** @returns false also for unreadable files */
export async function startsLikeAudio(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const head = Buffer.alloc(16);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const text = head.toString('latin1', 0, bytesRead);
    return beginnings.some(([at, bytes]) => text.startsWith(bytes, at)) || isMpegFrame(head.subarray(0, bytesRead));
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
