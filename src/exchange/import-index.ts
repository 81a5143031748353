/** Brings vectors that were made elsewhere into the catalog, a track a transaction: it may be cut off at any moment, and
 *  the same import again goes on. Only for whoever holds the index's lock. */
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
  /** Unset: by the end of the file's name. */
  readonly format?: FormatName;
  /** Where the vectors belong.
   *  @param named the space that the file names; null when it names none
   *  @throws {LeitmotifError} 'space-mismatch' when no model here makes vectors of that kind */
  readonly spaceFor: (named: string | null) => Promise<ImportSpace>;
  /** What the tracks lack that nobody fingerprinted. */
  readonly noFingerprint: Fingerprint;
  /** Takes the file's vectors for tracks that have others, and brings back what was removed. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (tracks: number, total: number) => void;
}

export interface ImportSpace {
  readonly spaceId: string;
  /** Length of a chunk, in seconds: the times of chunks that come without any. */
  readonly windowSec: number;
}

export interface ImportSummary {
  readonly spaceId: string;
  readonly chunks: number;
  readonly dimensions: number;
  /** imported   stored;                           unchanged  there already, with the same content;
   *  kept       there with other content, and left;   keptOut    removed by request, and left so */
  readonly tracks: Readonly<Record<'imported' | 'unchanged' | 'kept' | 'keptOut', number>>;
  /** Chunks whose times were counted from their numbers. */
  readonly guessedTimes: number;
  /** Vectors that were not of length 1 and were brought to it. */
  readonly normalised: number;
}

/** A window whose level nobody measured is taken for what clips are brought to. */
const unknownLoudnessDb = -20;

/** @throws {LeitmotifError} 'import-refused', 'space-mismatch': then nothing was stored; 'disk-full', 'cancelled' */
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
    const fate = fateOf(known.get(key), contentSha256, options.replace);
    if (fate === 'imported') {
      catalog.embeddings.put({ key, sizeBytes: null, mtimeMs: null, etag: null, contentSha256 }, recording);
    }
    tracks[fate] += 1;
    options.onProgress?.(++done, checked.tracks);
  }
  const { rows: chunks, rowsWithoutTimes: guessedTimes } = checked;
  return { spaceId: space.spaceId, chunks, dimensions, tracks, guessedTimes, ...counts };
}

function fateOf(track: KnownTrack | undefined, contentSha256: string, replace: boolean) {
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

/** `checkRows` has seen that rows of a file stand together. */
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
  // What is a unit vector already stays to the bit; silence has no direction to be kept.
  if (kind === 'music' && Math.abs(length - 1) > unitTolerance) {
    vector = vector.map((value) => value / length);
    counts.normalised += 1;
  }
  return { index, ...span, kind, loudnessDb: row.loudnessDb ?? unknownLoudnessDb, vector };
}
