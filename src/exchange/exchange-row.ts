/** The exchange format of one chunk: the original system's dictionary {file_name, chunk_id, embedding} with additional
 *  fields for the chunk, its space and, on the first chunk of each file, the file.
 *
 *  All formats have the same fields. An unknown field is omitted (JSON Lines) or null (Parquet).
 */
import { z } from 'zod';
import type { ChunkKind, Fingerprint, RecordingTags } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

export interface ExchangeRow {
  /** The track's key: a path with forward slashes. */
  readonly fileName: string;
  /** Position in the file's sequence of chunks. Exports start at 0 without gaps; files of other programs may have gaps. */
  readonly chunkId: number;
  /** Shape [dimensions]. */
  readonly embedding: Float32Array;
  /** Null when the file does not name the model of the vector. */
  readonly spaceId: string | null;
  /** Seconds of the recording. */
  readonly span: { readonly startSec: number; readonly endSec: number; readonly overlapSec: number } | null;
  readonly kind: ChunkKind | null;
  /** dBFS. */
  readonly loudnessDb: number | null;
  readonly track: ExchangeTrack | null;
}

/** The file of the chunk. */
export interface ExchangeTrack extends RecordingTags {
  readonly durationSec: number | null;
  /** Lower-case hex. With it, a file in the library is recognised and not embedded again. */
  readonly contentSha256: string | null;
  readonly fingerprint: Fingerprint | null;
}

/** A row with its position in the file, for messages: "line 12", "row 12", "item 12". */
export interface PlacedRow {
  readonly row: ExchangeRow;
  readonly where: string;
}

/** Names of the field in other programs; the original system sometimes wrote `filename`. */
const namesOfFile = ['file_name', 'filename', 'file'] as const;

const seconds = z.number().min(0).max(1e7);

const fieldsSchema = z.object({
  file_name: z.string().min(1).max(4096),
  chunk_id: z
    .union([z.int(), z.bigint().transform(Number), z.string().max(4096).transform(lastNumber)])
    .pipe(z.int().min(0)),
  space_id: z.string().min(1).max(500).nullish(),
  start_sec: seconds.nullish(),
  end_sec: seconds.nullish(),
  overlap_sec: seconds.nullish(),
  kind: z.enum(['music', 'silence', 'applause', 'noise']).nullish(),
  loudness_db: z.number().min(-1000).max(1000).nullish(),
  title: z.string().nullish(),
  artist: z.string().nullish(),
  album: z.string().nullish(),
  duration_sec: seconds.nullish(),
  content_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullish(),
  fingerprint: z.union([z.base64(), z.instanceof(Uint8Array)]).nullish(),
  fingerprint_item_sec: z.number().positive().nullish(),
});

/** "song-12" and "12" are chunk 12. */
function lastNumber(text: string): number {
  return Number(/(\d+)$/.exec(text)?.[1] ?? Number.NaN);
}

/** @param fields untrusted object with the external field names
 *  @throws {LeitmotifError} 'import-refused', naming place and field */
export function toExchangeRow(fields: Readonly<Record<string, unknown>>, where: string): ExchangeRow {
  const named = namesOfFile.find((name) => fields[name] !== undefined);
  const parsed = fieldsSchema.safeParse({ ...fields, file_name: named && fields[named] });
  if (!parsed.success) throw refused(where, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  const { data } = parsed;
  return {
    fileName: data.file_name,
    chunkId: data.chunk_id,
    embedding: toVector(fields.embedding, where),
    spaceId: data.space_id ?? null,
    span: toSpan(data.start_sec, data.end_sec, data.overlap_sec, where),
    kind: data.kind ?? null,
    loudnessDb: data.loudness_db ?? null,
    track: toExchangeTrack(data, where),
  };
}

function toSpan(
  startSec: number | null | undefined,
  endSec: number | null | undefined,
  overlapSec: number | null | undefined,
  where: string,
): ExchangeRow['span'] {
  if (typeof startSec !== 'number' || typeof endSec !== 'number') return null;
  if (!(endSec > startSec)) throw refused(where, `expected end_sec after start_sec ${startSec}, got ${endSec}`);
  return { startSec, endSec, overlapSec: overlapSec ?? 0 };
}

function toExchangeTrack(data: z.infer<typeof fieldsSchema>, where: string): ExchangeTrack | null {
  const { title, artist, album, duration_sec, content_sha256, fingerprint, fingerprint_item_sec } = data;
  const known = [title, artist, album, duration_sec, content_sha256, fingerprint];
  if (known.every((value) => value === null || value === undefined)) return null;
  return {
    title: title || null,
    artist: artist || null,
    album: album || null,
    durationSec: duration_sec ?? null,
    contentSha256: content_sha256 ?? null,
    fingerprint: toFingerprint(fingerprint, fingerprint_item_sec, where),
  };
}

function toFingerprint(
  value: string | Uint8Array | null | undefined,
  itemSec: number | null | undefined,
  where: string,
): Fingerprint | null {
  if (value === null || value === undefined || typeof itemSec !== 'number') return null;
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
  if (bytes.length % 4 !== 0) throw refused(where, 'expected a fingerprint of 32-bit items');
  const items = new Uint32Array(bytes.length / 4);
  new Uint8Array(items.buffer).set(bytes);
  return { items, itemSec };
}

/** Maximum length of a vector; models have some thousand at most. */
export const dimensionsMax = 65_536;

/** Accepts a vector as a list of numbers or as a typed array. */
function toVector(given: unknown, where: string): Float32Array {
  // A model's output for a batch of one is a list in a list.
  const isBatch = Array.isArray(given) && given.length === 1 && typeof given[0] === 'object';
  const value: unknown = isBatch ? given[0] : given;
  const isList = Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;
  if (!isList || value.length === 0) throw refused(where, 'expected "embedding" to be a list of numbers');
  if (value.length > dimensionsMax) {
    throw refused(where, `expected at most ${dimensionsMax} numbers in "embedding", got ${value.length}`);
  }
  if (value instanceof Float32Array) return value;
  const vector = new Float32Array(value.length);
  for (let at = 0; at < vector.length; at++) {
    const number: unknown = value[at];
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      // Never written out: a list may be nested deeper than the stack is high.
      const got = typeof number === 'object' && number !== null ? 'a list' : String(number).slice(0, 40);
      throw refused(where, `expected numbers in "embedding", got ${got} at ${at}`);
    }
    vector[at] = number;
  }
  return vector;
}

/** The external fields of a row; unknown ones are null. */
export function toFields(row: ExchangeRow) {
  const { span, track } = row;
  return {
    file_name: row.fileName,
    chunk_id: row.chunkId,
    space_id: row.spaceId,
    start_sec: span?.startSec ?? null,
    end_sec: span?.endSec ?? null,
    overlap_sec: span?.overlapSec ?? null,
    kind: row.kind,
    loudness_db: row.loudnessDb,
    title: track?.title ?? null,
    artist: track?.artist ?? null,
    album: track?.album ?? null,
    duration_sec: track?.durationSec ?? null,
    content_sha256: track?.contentSha256 ?? null,
    fingerprint: track?.fingerprint ? bytesOf(track.fingerprint.items) : null,
    fingerprint_item_sec: track?.fingerprint?.itemSec ?? null,
  };
}

/** Little-endian, as every platform of Node 24 is. */
function bytesOf(items: Uint32Array): Uint8Array {
  return new Uint8Array(items.buffer, items.byteOffset, items.byteLength);
}

export function refused(where: string, why: string, cause?: unknown): LeitmotifError {
  return new LeitmotifError('import-refused', `Cannot import ${where}: ${why}`, { cause });
}
