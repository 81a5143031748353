/** Imports vectors of other programs into the catalog, one transaction per track. After an interruption, the same import
 *  continues. The caller holds the index lock. */
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { Chunk, EmbeddedRecording, Fingerprint } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { lengthOf } from '../index/vector-index.ts';
import { type CheckedFile, checkRows, unitTolerance } from './check-rows.ts';
import { type ExchangeRow, type PlacedRow, refused } from './exchange-row.ts';
import { type FormatName, formatOf } from './formats.ts';
import { placeholderHash } from './placeholder-hash.ts';

export interface ImportOptions {
  readonly catalog: Catalog;
  readonly file: string;
  /** Default: by the file's extension. */
  readonly format?: FormatName;
  /** Selects the space of the vectors.
   *  @param named the space that the file names; null when it names none
   *  @throws {LeitmotifError} 'space-mismatch' when no model here makes vectors of that kind */
  readonly spaceFor: (named: string | null) => Promise<ImportSpace>;
  /** Fingerprint for tracks without one. */
  readonly noFingerprint: Fingerprint;
  /** Replaces existing vectors and restores removed tracks. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (tracks: number, total: number) => void;
}

export interface ImportSpace {
  readonly spaceId: string;
  /** Length of a chunk, in seconds: used for chunks without times. */
  readonly windowSec: number;
}

export interface ImportSummary {
  readonly spaceId: string;
  readonly chunks: number;
  readonly dimensions: number;
  /** imported   stored;                           unchanged  there already, with the same content;
   *  kept       there with other content, and left;   keptOut    removed by request, and left so */
  readonly tracks: Readonly<Record<'imported' | 'unchanged' | 'kept' | 'keptOut', number>>;
  /** Chunks whose times were derived from their ids. */
  readonly guessedTimes: number;
  /** Vectors that were normalised to length 1. */
  readonly normalised: number;
}

/** Level for chunks without a measured one: the target level of clips. */
const unknownLoudnessDb = -20;

/** @throws {LeitmotifError} 'import-refused', 'space-mismatch' (nothing is stored then); 'disk-full', 'cancelled' */
export async function importIndex(options: ImportOptions): Promise<ImportSummary> {
  const { catalog, file, signal } = options;
  const { read } = formatOf(file, options.format);
  const checked = await checkRows(orUnreadable(read(file, signal), file), signal);
  const space = await options.spaceFor(checked.spaceId);
  const dimensions = catalog.spaces.get(space.spaceId)?.dimensions ?? checked.dimensions;
  if (dimensions !== checked.dimensions) {
    throw new LeitmotifError(
      'space-mismatch',
      `Cannot import ${file}: vectors of the space ${space.spaceId} have ${dimensions} values, these have ${checked.dimensions}`,
    );
  }
  const known = catalog.tracks.known(space.spaceId);
  const tracks = { imported: 0, unchanged: 0, kept: 0, keptOut: 0 };
  const counts = { normalised: 0 };
  let done = 0;
  for await (const rows of byFile(read(file, signal))) {
    signal.throwIfAborted();
    const { recording, contentSha256 } = toRecording(rows, space, checked, options, counts);
    const key = rows[0]?.fileName ?? '';
    const outcome = outcomeOf(known.get(key), contentSha256, options.replace);
    if (outcome === 'imported') {
      catalog.embeddings.put({ key, sizeBytes: null, mtimeMs: null, etag: null, contentSha256 }, recording);
    }
    tracks[outcome] += 1;
    options.onProgress?.(++done, checked.tracks);
  }
  const { rows: chunks, rowsWithoutTimes: guessedTimes } = checked;
  return { spaceId: space.spaceId, chunks, dimensions, tracks, guessedTimes, ...counts };
}

function outcomeOf(track: KnownTrack | undefined, contentSha256: string, replace: boolean) {
  if (track === undefined) return 'imported';
  if (track.removedBy === 'request' && !replace) return 'keptOut';
  const isThere = track.embedded && track.status === 'indexed';
  if (isThere && track.contentSha256 === contentSha256) return 'unchanged';
  return isThere && !replace ? 'kept' : 'imported';
}

async function* orUnreadable(rows: AsyncIterable<PlacedRow>, file: string): AsyncGenerator<PlacedRow, void, undefined> {
  try {
    yield* rows;
  } catch (cause) {
    // Texts or lists that are too long or too deep for the engine; none of ours reaches these limits.
    if (cause instanceof RangeError) throw refused(file, `it is too large or too deep: ${cause.message}`, cause);
    const isFromTheSystem = cause instanceof Error && 'syscall' in cause;
    if (!isFromTheSystem) throw cause;
    throw new LeitmotifError('file-unreadable', `Cannot read ${file}: ${cause.message}`, { cause });
  }
}

/** `checkRows` has verified that the rows of a file are contiguous. */
async function* byFile(rows: AsyncIterable<PlacedRow>): AsyncGenerator<ExchangeRow[], void, undefined> {
  let group: ExchangeRow[] = [];
  for await (const { row } of rows) {
    if (group.length > 0 && group[0]?.fileName !== row.fileName) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}

function toRecording(
  rows: readonly ExchangeRow[],
  space: ImportSpace,
  { firstChunkId }: CheckedFile,
  { noFingerprint }: ImportOptions,
  counts: { normalised: number },
): { readonly recording: EmbeddedRecording; readonly contentSha256: string } {
  const chunks = rows
    .toSorted((a, b) => a.chunkId - b.chunkId)
    .map((row, index) => toChunk(row, index, space.windowSec, firstChunkId, counts));
  const track = rows.find((row) => row.track !== null)?.track ?? null;
  const recording = {
    spaceId: space.spaceId,
    durationSec: track?.durationSec ?? chunks.at(-1)?.endSec ?? 0,
    tags: { title: track?.title ?? null, artist: track?.artist ?? null, album: track?.album ?? null },
    chunks,
    fingerprint: track?.fingerprint ?? noFingerprint,
  };
  return { recording, contentSha256: track?.contentSha256 ?? placeholderHash(chunks) };
}

function toChunk(
  row: ExchangeRow,
  index: number,
  windowSec: number,
  firstChunkId: number,
  counts: { normalised: number },
): Chunk {
  const startSec = (row.chunkId - firstChunkId) * windowSec;
  const span = row.span ?? { startSec, endSec: startSec + windowSec, overlapSec: 0 };
  const kind = row.kind ?? 'music';
  let vector = row.embedding;
  const length = lengthOf(vector);
  // Unit vectors stay bit for bit; the vector of silence may be zero.
  if (kind === 'music' && Math.abs(length - 1) > unitTolerance) {
    vector = vector.map((value) => value / length);
    counts.normalised += 1;
  }
  return { index, ...span, kind, loudnessDb: row.loudnessDb ?? unknownLoudnessDb, vector };
}
