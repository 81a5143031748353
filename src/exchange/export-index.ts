/** Exports the live chunks of a space to a file for other programs and for `import-index.ts`. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ExportedChunk } from '../catalog/export-view.ts';
import { LeitmotifError } from '../errors.ts';
import { exists } from '../index/generation-folder.ts';
import { assertWritten, HashedFile, writeAtomically } from '../io/durable-file.ts';
import type { ExchangeRow } from './exchange-row.ts';
import { type FormatName, formatOf } from './formats.ts';
import { isPlaceholderHash } from './placeholder-hash.ts';

export interface ExportOptions {
  readonly catalog: Catalog;
  readonly spaceId: string;
  readonly file: string;
  /** Default: by the file's extension. */
  readonly format?: FormatName;
  /** Overwrites an existing file. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (chunks: number, total: number) => void;
}

export interface ExportSummary {
  readonly chunks: number;
  readonly tracks: number;
  readonly bytes: number;
}

/** Atomic: writes a temporary file, reads it back and renames it.
 *  @throws {LeitmotifError} 'index-empty' when the space is empty, 'config-invalid' for an existing file or an
 *    unsupported format, 'disk-full', 'file-unreadable', 'cancelled' */
export async function exportIndex(options: ExportOptions): Promise<ExportSummary> {
  const { catalog, spaceId, file, signal } = options;
  const { write } = formatOf(file, options.format);
  if (!write) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot write ${file}: expected .jsonl or .parquet; pickle and NumPy are read only`,
    );
  }
  if (!options.replace && (await exists(file))) {
    throw new LeitmotifError('config-invalid', `Cannot write ${file}: it is there already; --replace writes over it`);
  }
  using view = catalog.exportView(spaceId);
  if (view.chunkCount === 0) {
    throw new LeitmotifError('index-empty', `Cannot export: nothing is indexed in the space ${spaceId}`);
  }
  const counted = { chunks: 0, tracks: 0 };
  const rows = counting(rowsOf(view.chunks(), spaceId), counted, () =>
    options.onProgress?.(counted.chunks, view.chunkCount),
  );
  const writeFile = async (partial: string): Promise<ExportSummary> => {
    const written = await HashedFile.create(partial);
    try {
      await write(written, rows, signal);
      const record = await written.finish();
      await assertWritten(partial, record);
      return { ...counted, bytes: record.bytes };
    } finally {
      await written.abandon();
    }
  };
  return await writeAtomically(file, writeFile, { partial: `${file}.partial`, isDurable: true });
}

function* rowsOf(chunks: Iterable<ExportedChunk>, spaceId: string): Generator<ExchangeRow, void, undefined> {
  for (const { track, chunk } of chunks) {
    const { startSec, endSec, overlapSec, kind, loudnessDb } = chunk;
    const { title, artist, album, durationSec, contentSha256, fingerprint } = track;
    const known = isPlaceholderHash(contentSha256) ? null : contentSha256;
    yield {
      fileName: track.key,
      chunkId: chunk.index,
      embedding: chunk.vector,
      spaceId,
      span: { startSec, endSec, overlapSec },
      kind,
      loudnessDb,
      track: chunk.index === 0 ? { title, artist, album, durationSec, contentSha256: known, fingerprint } : null,
    };
  }
}

function* counting(
  rows: Iterable<ExchangeRow>,
  counted: { chunks: number; tracks: number },
  report: () => void,
): Generator<ExchangeRow, void, undefined> {
  for (const row of rows) {
    counted.chunks += 1;
    if (row.chunkId === 0) counted.tracks += 1;
    if (counted.chunks % 1000 === 0) report();
    yield row;
  }
  report();
}
