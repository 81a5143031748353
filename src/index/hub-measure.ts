/** Measures the hubness of each chunk of a new generation before it becomes current: with FAISS in separate processes,
 *  because a matrix product in JavaScript would take minutes.
 *
 *  An exact measure would compare rows x rows; references reduce it to rows x 2000. Most of the time is spent in the
 *  binding, which accepts only arrays of JavaScript numbers.
 */
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import { Hubness, type HubRecipe, hubRecipe, referenceRows } from '../ranking/hubs.ts';
import { FaissProcess } from './faiss-process.ts';

export interface HubMeasure {
  readonly folder: string;
  /** Of the part that is measured. */
  readonly dimensions: number;
  /** The part's files in row order. */
  readonly shards: readonly { readonly file: string; readonly rowCount: number }[];
  /** The track id of each row. */
  readonly trackIds: Uint32Array;
  readonly processesMax: number;
  readonly recipe?: HubRecipe;
  readonly signal: AbortSignal;
}

/** The binding never frees its copy of the rows: 77 MB at 384 dimensions, after which the process ends. */
const rowsPerProcess = 50_000;
/** A slice took up to a minute on two cores shared by a dozen jobs. */
const sliceTimeoutMs = 300_000;

interface Slice {
  readonly path: string;
  /** Rows before the slice: in its file, and in the whole index. */
  readonly fileRow: number;
  readonly firstRow: number;
  readonly rowCount: number;
  readonly rowsInFile: number;
}

/** @throws {LeitmotifError} `index-unavailable` if FAISS does not load or fails; on abort, rethrows the abort reason */
export async function measureHubness(measure: HubMeasure): Promise<Hubness> {
  const { trackIds, dimensions, signal, recipe = hubRecipe } = measure;
  const slices = slicesOf(measure);
  const rows = referenceRows(trackIds.length, recipe);
  const references = await readRows(slices, rows, dimensions);
  const referenceTracks = Uint32Array.from(rows, (row) => trackIds[row] ?? 0);
  const means = new Float32Array(trackIds.length);
  const queue = new PQueue({ concurrency: measure.processesMax });
  await queue.addAll(
    slices.map(({ firstRow, rowCount, ...slice }) => async () => {
      signal.throwIfAborted();
      const tracks = trackIds.slice(firstRow, firstRow + rowCount);
      const { neighbours } = recipe;
      const request = { op: 'hubness', ...slice, dimensions, references, referenceTracks, tracks, neighbours } as const;
      const child = new FaissProcess();
      try {
        means.set(await child.request(request, sliceTimeoutMs), firstRow);
      } finally {
        child.kill();
      }
    }),
  );
  return Hubness.of(means);
}

function slicesOf({ folder, shards }: HubMeasure): Slice[] {
  const slices: Slice[] = [];
  let firstRow = 0;
  for (const { file, rowCount: rowsInFile } of shards) {
    for (let fileRow = 0; fileRow < rowsInFile; fileRow += rowsPerProcess) {
      const rowCount = Math.min(rowsPerProcess, rowsInFile - fileRow);
      slices.push({ path: path.join(folder, file), fileRow, firstRow: firstRow + fileRow, rowCount, rowsInFile });
    }
    firstRow += rowsInFile;
  }
  return slices;
}

/** @param rows ascending
 *  @returns shape [rows, dimensions], row-major */
async function readRows(slices: readonly Slice[], rows: readonly number[], dimensions: number): Promise<Float32Array> {
  const values = new Float32Array(rows.length * dimensions);
  const rowBytes = dimensions * Float32Array.BYTES_PER_ELEMENT;
  let place = 0;
  for (const slice of slices) {
    const file = await open(slice.path);
    try {
      // The rows are at the end of a flat file.
      const rowsAt = (await file.stat()).size - slice.rowsInFile * rowBytes;
      for (; (rows[place] ?? Number.POSITIVE_INFINITY) < slice.firstRow + slice.rowCount; place++) {
        const fileRow = slice.fileRow + (rows[place] ?? 0) - slice.firstRow;
        await readFully(file, new Uint8Array(values.buffer, place * rowBytes, rowBytes), rowsAt + fileRow * rowBytes);
      }
    } finally {
      await file.close();
    }
  }
  return values;
}

async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
  if (bytesRead !== bytes.length) throw new RangeError(`Cannot read a row: expected ${bytes.length} bytes`);
}
