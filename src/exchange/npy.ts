/** NumPy: a matrix with one vector per row in FILE.npy, and FILE.json with a list of one object per row, in the same
 *  order, with all other fields.
 *  @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { LeitmotifError } from '../errors.ts';
import { dimensionsMax, type PlacedRow, refused, toExchangeRow } from './exchange-row.ts';

const headerBytesMax = 64 * 1024;
/** The whole list is in memory; a million rows with all fields need half of this. */
const fieldsBytesMax = 400_000_000;
const bytesAtOnce = 16 * 1024 * 1024;

const arrays = { '<f2': Float16Array, '<f4': Float32Array, '<f8': Float64Array } as const;

interface Matrix {
  readonly type: keyof typeof arrays;
  readonly rows: number;
  readonly dimensions: number;
  readonly fromByte: number;
}

export async function* readNpy(path: string): AsyncGenerator<PlacedRow, void, undefined> {
  const fields = await readFields(path.replace(/\.npy$/i, '.json'));
  await using file = await open(path, 'r');
  const matrix = await readHeader(file);
  if (matrix.rows !== fields.length) {
    throw refused('the file', `it has ${matrix.rows} rows, and the list beside it ${fields.length}`);
  }
  const rowsAtOnce = Math.max(1, Math.floor(bytesAtOnce / rowBytesOf(matrix)));
  for (let from = 0; from < matrix.rows; from += rowsAtOnce) {
    const vectors = await readRows(file, matrix, from, Math.min(rowsAtOnce, matrix.rows - from));
    for (const [at, vector] of vectors.entries()) {
      const where = `row ${from + at + 1}`;
      yield { row: toExchangeRow({ ...fields[from + at], embedding: vector }, where), where };
    }
  }
}

async function readFields(path: string): Promise<Record<string, unknown>[]> {
  let list: unknown;
  try {
    const { size } = await stat(path);
    if (size > fieldsBytesMax) throw new RangeError(`it has ${size} bytes, more than ${fieldsBytesMax}`);
    list = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const why = `expected a JSON list with one object a row of the matrix: ${(cause as Error).message}`;
    throw new LeitmotifError('import-refused', `Cannot import: cannot read ${path}: ${why}`, { cause });
  }
  const isList = Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null);
  if (!isList) throw refused(path, 'expected a JSON list of objects');
  return list as Record<string, unknown>[];
}

/** The magic word, a version, the header's length, and the header: a dictionary as Python writes it. */
async function readHeader(file: FileHandle): Promise<Matrix> {
  const start = await readBytes(file, 0, 12);
  if (start.toString('latin1', 0, 6) !== '\x93NUMPY') throw refused('the file', 'it is not a NumPy array');
  const isFirstVersion = start[6] === 1;
  const length = isFirstVersion ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const from = isFirstVersion ? 10 : 12;
  if (length > headerBytesMax) throw refused('the file', 'its header is longer than NumPy writes one');
  const header = (await readBytes(file, from, length)).toString('latin1');
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '?';
  const shape = /'shape':\s*\((\d+),\s*(\d+)\)/.exec(header);
  const isRowMajor = /'fortran_order':\s*False/.test(header);
  if (!isKnownType(type) || !shape || !isRowMajor) {
    throw refused(
      'the file',
      'expected a matrix of two dimensions of float16, float32 or float64, little-endian and in C order, ' +
        `got ${header.trim()}`,
    );
  }
  const matrix = { type, rows: Number(shape[1]), dimensions: Number(shape[2]), fromByte: from + length };
  if (matrix.dimensions < 1 || matrix.dimensions > dimensionsMax) {
    throw refused('the file', `expected rows of 1 to ${dimensionsMax} values, got ${shape[2]}`);
  }
  // Checked before the allocation, because the shape may be any number.
  const { size } = await file.stat();
  if (matrix.fromByte + matrix.rows * rowBytesOf(matrix) > size) throw refused('the file', 'it is cut off');
  return matrix;
}

function rowBytesOf({ type, dimensions }: Pick<Matrix, 'type' | 'dimensions'>): number {
  return dimensions * arrays[type].BYTES_PER_ELEMENT;
}

function isKnownType(type: string): type is keyof typeof arrays {
  return Object.hasOwn(arrays, type);
}

async function readRows(file: FileHandle, matrix: Matrix, from: number, count: number): Promise<Float32Array[]> {
  const { dimensions } = matrix;
  const Values = arrays[matrix.type];
  const rowBytes = rowBytesOf(matrix);
  const bytes = await readBytes(file, matrix.fromByte + from * rowBytes, count * rowBytes);
  const values = Float32Array.from(new Values(bytes.buffer as ArrayBuffer, 0, count * dimensions));
  return Array.from({ length: count }, (_, at) => values.subarray(at * dimensions, (at + 1) * dimensions));
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  // A separate ArrayBuffer, aligned for numbers of eight bytes.
  const buffer = Buffer.from(new ArrayBuffer(length));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw refused('the file', 'it is cut off');
    filled += bytesRead;
  }
  return buffer;
}
