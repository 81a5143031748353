/** Reads the tags of files made of chunks: RIFF (wav, with RF64's 64-bit sizes; avi) and AIFF.
 *
 *  music-metadata ignores a LIST INFO if the CSET chunk names another code page than 1252, and reads AIFF's texts as ASCII.
 *
 *  @see Multimedia Programming Interface and Data Specifications 1.0, "RIFF" (INFO and CSET)
 *  @see EBU Tech 3306 for RF64
 */
import { textOfBytes } from './byte-text.ts';
import { readId3v2, textBytesMax } from './id3v2.ts';
import type { RecordingFile } from './recording-file.ts';
import { emptyTagValues, type TagField, type TagValues } from './tag-values.ts';

const chunksMax = 10_000;
const chunkHeadBytes = 8;
const sizeIn64Bits = 0xffffffff;

const infoFields: Readonly<Record<string, TagField>> = { INAM: 'title', IART: 'artist', IPRD: 'album' };
const aiffFields: Readonly<Record<string, TagField>> = { NAME: 'title', AUTH: 'artist' };

interface Chunk {
  readonly id: string;
  readonly at: number;
  readonly size: number;
}

/** @returns best first: an ID3 chunk, then the container's own texts; null for other files */
export function readIffTags(file: RecordingFile): TagValues[] | null {
  const head = Buffer.from(file.read(0, 12));
  if (head.length < 12) return null;
  const [kind, form] = [head.toString('latin1', 0, 4), head.toString('latin1', 8, 12)];
  if (['RIFF', 'RF64', 'BW64'].includes(kind)) return readRiff(file);
  if (kind === 'FORM' && (form === 'AIFF' || form === 'AIFC')) return readAiff(file);
  return null;
}

function readRiff(file: RecordingFile): TagValues[] {
  const id3 = emptyTagValues();
  const info: { field: TagField; bytes: Buffer }[] = [];
  let codePage = 0;
  for (const { id, at, size } of chunksOf(file, 12, false)) {
    if (id === 'CSET' && size >= 2) codePage = file.read(at, 2).readUInt16LE(0);
    if (id === 'id3 ' || id === 'ID3 ') addAll(id3, readId3v2(file, at)?.values);
    if (id !== 'LIST' || file.read(at, 4).toString('latin1') !== 'INFO') continue;
    for (const part of chunksOf(file, at + 4, false, at + size)) {
      const field = infoFields[part.id];
      if (field === undefined) continue;
      const bytes = Buffer.from(file.read(part.at, Math.min(part.size, textBytesMax)));
      const zero = bytes.indexOf(0);
      info.push({ field, bytes: zero < 0 ? bytes : bytes.subarray(0, zero) });
    }
  }
  const texts = emptyTagValues();
  for (const { field, bytes } of info) texts[field].push(textOfCodePage(bytes, codePage));
  return [id3, texts];
}

function readAiff(file: RecordingFile): TagValues[] {
  const id3 = emptyTagValues();
  const texts = emptyTagValues();
  for (const { id, at, size } of chunksOf(file, 12, true)) {
    if (id === 'ID3 ' || id === 'id3 ') addAll(id3, readId3v2(file, at)?.values);
    const field = aiffFields[id];
    if (field !== undefined) texts[field].push(textOfBytes(file.read(at, Math.min(size, textBytesMax))));
  }
  return [id3, texts];
}

function addAll(values: TagValues, more: TagValues | undefined): void {
  if (more === undefined) return;
  for (const field of Object.keys(values) as TagField[]) values[field].push(...more[field]);
}

function* chunksOf(file: RecordingFile, from: number, isBigEndian: boolean, end = file.sizeBytes): Generator<Chunk> {
  let dataBytes: number | null = null;
  for (let at = from, chunks = 0; at + chunkHeadBytes <= end && chunks < chunksMax; chunks++) {
    const head = file.read(at, chunkHeadBytes);
    if (head.length < chunkHeadBytes) return;
    const id = head.toString('latin1', 0, 4);
    const declaredSize = isBigEndian ? head.readUInt32BE(4) : head.readUInt32LE(4);
    const body = at + chunkHeadBytes;
    // Its second number is the size of the audio data.
    if (id === 'ds64' && declaredSize >= 16) dataBytes = Number(file.read(body + 8, 8).readBigUInt64LE(0));
    const size = id === 'data' && declaredSize === sizeIn64Bits && dataBytes !== null ? dataBytes : declaredSize;
    yield { id, at: body, size };
    at = body + size + (size % 2);
  }
}

/** The code page of the CSET chunk. If it is missing or wrong, the encoding is guessed from the bytes. */
function textOfCodePage(bytes: Buffer, codePage: number): string {
  const label = labelOf(codePage);
  if (label === null) return textOfBytes(bytes);
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return textOfBytes(bytes);
  }
}

/** Windows code page numbers. @see https://learn.microsoft.com/en-us/windows/win32/intl/code-page-identifiers */
function labelOf(codePage: number): string | null {
  if (codePage >= 1250 && codePage <= 1258) return `windows-${codePage}`;
  if (codePage >= 28592 && codePage <= 28606) return `iso-8859-${codePage - 28590}`;
  return otherCodePages[codePage] ?? null;
}

const otherCodePages: Readonly<Record<number, string>> = {
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  10000: 'macintosh',
  20866: 'koi8-r',
  21866: 'koi8-u',
  51932: 'euc-jp',
  54936: 'gb18030',
  65001: 'utf-8',
};
