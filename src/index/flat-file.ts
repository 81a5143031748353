/** Writes FAISS's file format of an IndexFlatIP directly: a header of 45 bytes, then the rows as raw float32.
 *
 *  The binding's `add` takes arrays of JavaScript numbers, so 400,000 vectors take 24 s and twice the memory; direct
 *  writing takes as long as the disk needs. Both give the same bytes, which `flatFormatIsKnown` checks before anything
 *  is written: for a FAISS with another format the file is built with `add`.
 *
 *  @see faiss/impl/index_write.cpp, write_index_header and IndexFlat
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { assertWritten, type FileRecord, HashedFile, hashFile, syncFile } from '../io/durable-file.ts';
import { FaissProcess } from './faiss-process.ts';

export interface FlatShape {
  readonly rowCount: number;
  readonly dimensions: number;
}

export const flatHeaderBytes = 45;

/** Adding 400,000 vectors takes 24 s on an idle machine. */
const buildTimeoutMs = 600_000;

/** Little-endian: "IxFI", dimensions, rows, two fields that FAISS no longer uses (always 2^20), trained, metric
 *  (0 is the inner product), number of floats that follow. */
export function flatHeader({ rowCount, dimensions }: FlatShape): Buffer {
  const header = Buffer.alloc(flatHeaderBytes);
  header.write('IxFI', 0, 'latin1');
  header.writeInt32LE(dimensions, 4);
  header.writeBigInt64LE(BigInt(rowCount), 8);
  header.writeBigInt64LE(1n << 20n, 16);
  header.writeBigInt64LE(1n << 20n, 24);
  header.writeUInt8(1, 32);
  header.writeInt32LE(0, 33);
  header.writeBigUInt64LE(BigInt(rowCount) * BigInt(dimensions), 37);
  return header;
}

export async function createFlatFile(file: string, shape: FlatShape): Promise<HashedFile> {
  const written = await HashedFile.create(file);
  await written.write(flatHeader(shape));
  return written;
}

/** The row's bytes as stored in the file. Node runs on little-endian platforms only, which FAISS's file expects. */
export function rowBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** Whether the installed FAISS would write the same bytes. Starts a process.
 *  @param folder for two temporary files of 69 bytes
 *  @throws {LeitmotifError} `index-unavailable` if faiss-node does not load, `disk-full` */
export async function flatFormatIsKnown(folder: string): Promise<boolean> {
  const shape = { rowCount: 3, dimensions: 2 };
  const ours = path.join(folder, 'format-ours.faiss');
  const theirs = path.join(folder, 'format-theirs.faiss');
  try {
    const file = await createFlatFile(ours, shape);
    try {
      await file.write(rowBytes(Float32Array.of(1, 0, 0.6, 0.8, 0, -1)));
      await file.finish();
    } finally {
      await file.abandon();
    }
    await buildByAdding(ours, theirs, shape);
    return (await readFile(ours)).equals(await readFile(theirs));
  } finally {
    await rm(ours, { force: true });
    await rm(theirs, { force: true });
  }
}

/** Builds the file without knowing its format: passes the rows of one of our files to FAISS's own `add` and `write`.
 *  `write` does not report a full disk, so the rows are read back and compared.
 *  @throws {LeitmotifError} `index-unavailable`, `disk-full` */
export async function buildByAdding(from: string, to: string, shape: FlatShape): Promise<FileRecord> {
  const process = new FaissProcess();
  try {
    await process.request({ op: 'build', from, offsetBytes: flatHeaderBytes, to, ...shape }, buildTimeoutMs);
  } finally {
    process.kill();
  }
  await syncFile(to);
  const record = await hashFile(to);
  const rowsBytes = shape.rowCount * shape.dimensions * Float32Array.BYTES_PER_ELEMENT;
  const given = await hashFile(from, flatHeaderBytes);
  const kept = record.bytes < rowsBytes ? null : await hashFile(to, record.bytes - rowsBytes);
  if (kept?.sha256 !== given.sha256) {
    throw new LeitmotifError('disk-full', `Cannot write ${to}: FAISS wrote different rows than it was given`);
  }
  await assertWritten(to, record);
  return record;
}
