/** Measures the hubness of each chunk of a new generation before it becomes current: with FAISS in separate processes,
 *  because a matrix product in JavaScript would take minutes.
 *
 *  An exact measure would compare rows x rows; references reduce it to rows x 2000. Most of the time is spent in the
 *  binding, which accepts only arrays of JavaScript numbers.
 */
import path from 'node:path';
import PQueue from 'p-queue';
import { Hubness, type HubRecipe, hubRecipe, referenceRows } from '../ranking/hubs.ts';
import { FaissProcess } from './faiss-process.ts';
import { FlatRows, type FlatShard } from './flat-rows.ts';

export interface MeasuredRows {
  readonly folder: string;
  /** Of the part that is measured. */
  readonly dimensions: number;
  /** The part's files in row order. */
  readonly shards: readonly FlatShard[];
  /** The track id of each row. */
  readonly trackIds: Uint32Array;
  readonly recipe?: HubRecipe;
}

export interface HubMeasure extends MeasuredRows {
  readonly processesMax: number;
  /** Default: those of the same rows. */
  readonly references?: References;
  /** Rows before it are not measured. Default: 0. */
  readonly fromRow?: number;
  readonly signal: AbortSignal;
}

export interface References {
  /** Shape [references, dimensions], row-major. */
  readonly vectors: Float32Array;
  /** The track of each. */
  readonly tracks: Uint32Array;
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

/** The chunks of a library that represent queries. */
export async function readReferences(measured: MeasuredRows): Promise<References> {
  const { trackIds, dimensions, recipe = hubRecipe } = measured;
  const rows = referenceRows(trackIds.length, recipe);
  const vectors = new Float32Array(rows.length * dimensions);
  await using files = await FlatRows.open(measured);
  for (const [place, vector] of (await files.all(rows)).entries()) vectors.set(vector, place * dimensions);
  return { vectors, tracks: Uint32Array.from(rows, (row) => trackIds[row] ?? 0) };
}

/** @returns the measure of the rows from `fromRow` on
 *  @throws {LeitmotifError} `index-unavailable` if FAISS does not load or fails; on abort, rethrows the abort reason */
export async function measureHubness(measure: HubMeasure): Promise<Hubness> {
  const { trackIds, dimensions, signal, fromRow = 0, recipe = hubRecipe } = measure;
  const { vectors: references, tracks: referenceTracks } = measure.references ?? (await readReferences(measure));
  const means = new Float32Array(trackIds.length - fromRow);
  const queue = new PQueue({ concurrency: measure.processesMax });
  await queue.addAll(
    slicesOf(measure).map(({ firstRow, rowCount, ...slice }) => async () => {
      signal.throwIfAborted();
      const tracks = trackIds.slice(firstRow, firstRow + rowCount);
      const { neighbours } = recipe;
      const request = { op: 'hubness', ...slice, dimensions, references, referenceTracks, tracks, neighbours } as const;
      const child = new FaissProcess();
      try {
        means.set(await child.request(request, sliceTimeoutMs), firstRow - fromRow);
      } finally {
        child.kill();
      }
    }),
  );
  return Hubness.of(means);
}

function slicesOf({ folder, shards, fromRow = 0 }: HubMeasure): Slice[] {
  const slices: Slice[] = [];
  let firstRow = 0;
  for (const { file, rowCount: rowsInFile } of shards) {
    for (let fileRow = Math.max(0, fromRow - firstRow); fileRow < rowsInFile; fileRow += rowsPerProcess) {
      const rowCount = Math.min(rowsPerProcess, rowsInFile - fileRow);
      slices.push({ path: path.join(folder, file), fileRow, firstRow: firstRow + fileRow, rowCount, rowsInFile });
    }
    firstRow += rowsInFile;
  }
  return slices;
}
