/** The formats by name and by file extension. */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import type { HashedFile } from '../io/durable-file.ts';
import type { ExchangeRow, PlacedRow } from './exchange-row.ts';
import { readJsonLines, writeJsonLines } from './json-lines.ts';
import { readNpy } from './npy.ts';
import { readPickledRows } from './pickle/pickled-rows.ts';

export interface Format {
  readonly extensions: readonly string[];
  readonly read: (file: string, signal: AbortSignal) => AsyncIterable<PlacedRow>;
  /** Null for a format that is only imported. */
  readonly write: ((file: HashedFile, rows: Iterable<ExchangeRow>, signal: AbortSignal) => Promise<void>) | null;
}

/** Loaded when a file needs it. */
const parquet = {
  extensions: ['.parquet'],
  read: async function* (file) {
    const { readParquet } = await import('./parquet.ts');
    yield* readParquet(file);
  },
  write: async (file, rows, signal) => {
    const { writeParquet } = await import('./parquet.ts');
    await writeParquet(file, rows, signal);
  },
} as const satisfies Format;

export const formats = {
  jsonl: { extensions: ['.jsonl', '.ndjson'], read: readJsonLines, write: writeJsonLines },
  parquet,
  pickle: { extensions: ['.pkl', '.pickle'], read: readPickledRows, write: null },
  npy: { extensions: ['.npy'], read: readNpy, write: null },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** @throws {LeitmotifError} 'config-invalid', naming the known formats */
export function formatOf(file: string, named?: FormatName): Format {
  if (named) return formats[named];
  const extension = path.extname(file).toLowerCase();
  const found = Object.values<Format>(formats).find(({ extensions }) => extensions.includes(extension));
  if (found) return found;
  const known = Object.values<Format>(formats).flatMap(({ extensions }) => extensions);
  throw new LeitmotifError(
    'config-invalid',
    `Cannot tell the format of ${file}: expected a name that ends with ${known.join(', ')}; otherwise give --format`,
  );
}
