/** Parquet, so that pandas, DuckDB or Spark read the index as a table; `embedding` is a list of float32.
 *  @see https://parquet.apache.org/docs/file-format */
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
} from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import type { HashedFile } from '../io/durable-file.ts';
import { type ExchangeRow, type PlacedRow, refused, toExchangeRow, toFields } from './exchange-row.ts';

/** Row groups are in memory while they are written or read: 4 MB for vectors of 512. */
const rowsPerGroup = 2048;

/** Maximum size of a row group; reading needs seven times as much memory. pandas writes a million rows as one group. */
const groupBytesMax = 300_000_000;

type FieldName = keyof ReturnType<typeof toFields>;

const textType = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const columnTypes: Readonly<Record<FieldName, Omit<SchemaElement, 'name'>>> = {
  file_name: textType,
  chunk_id: { type: 'INT32' },
  space_id: textType,
  start_sec: { type: 'DOUBLE' },
  end_sec: { type: 'DOUBLE' },
  overlap_sec: { type: 'DOUBLE' },
  kind: textType,
  loudness_db: { type: 'DOUBLE' },
  title: textType,
  artist: textType,
  album: textType,
  duration_sec: { type: 'DOUBLE' },
  content_sha256: textType,
  fingerprint: { type: 'BYTE_ARRAY' },
  fingerprint_item_sec: { type: 'DOUBLE' },
};
const columnNames = Object.keys(columnTypes) as FieldName[];

/** A list in three levels, as specified.
 *  @see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists */
const schema: SchemaElement[] = [
  { name: 'chunks', num_children: columnNames.length + 1 },
  ...columnNames.map((name) => ({ name, repetition_type: 'OPTIONAL' as const, ...columnTypes[name] })),
  { name: 'embedding', repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
];

export async function writeParquet(file: HashedFile, rows: Iterable<ExchangeRow>, signal: AbortSignal) {
  const bytes = new ByteWriter();
  const flush = async () => {
    await file.write(bytes.getBytes());
    bytes.index = 0;
  };
  const parquet = new ParquetWriter({ writer: bytes, schema, statistics: false, createdBy: 'leitmotif' });
  let group: ExchangeRow[] = [];
  const writeGroup = async () => {
    if (group.length === 0) return;
    await parquet.write({ columnData: columnsOf(group), rowGroupSize: rowsPerGroup });
    await flush();
    group = [];
  };
  for (const row of rows) {
    signal.throwIfAborted();
    group.push(row);
    if (group.length === rowsPerGroup) await writeGroup();
  }
  await writeGroup();
  await parquet.finish();
  await flush();
}

function columnsOf(rows: readonly ExchangeRow[]): ColumnSource[] {
  const fields = rows.map(toFields);
  return [
    ...columnNames.map((name) => ({ name, data: fields.map((row) => row[name]) })),
    // Embeddings neither repeat nor compress.
    {
      name: 'embedding',
      data: rows.map(({ embedding }) => [...embedding]),
      encoding: 'PLAIN' as const,
      codec: 'UNCOMPRESSED' as const,
    },
  ];
}

/** Reads one row group at a time; a file with a single group is completely in memory. */
export async function* readParquet(path: string): AsyncGenerator<PlacedRow, void, undefined> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw refused('the file', `it is not Parquet: ${(cause as Error).message}`, cause);
  });
  const existing = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
  const columns = [...columnNames, 'filename', 'file', 'embedding'].filter((name) => existing.has(name));
  let rowStart = 0;
  for (const { num_rows, total_byte_size } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    if (total_byte_size > groupBytesMax) {
      throw refused(
        `rows ${rowStart + 1} to ${rowEnd}`,
        `they are one group of ${total_byte_size} bytes, which does not fit in memory; ` +
          'write the file in smaller groups (pandas: to_parquet(..., row_group_size=20_000))',
      );
    }
    const read = parquetReadObjects({ file, metadata, columns, rowStart, rowEnd, utf8: false });
    const rows = await read.catch((cause: unknown) => {
      throw refused(`rows ${rowStart + 1} to ${rowEnd}`, `they cannot be read: ${(cause as Error).message}`, cause);
    });
    for (const [at, row] of rows.entries()) {
      const where = `row ${rowStart + at + 1}`;
      yield { row: toExchangeRow(row, where), where };
    }
    rowStart = rowEnd;
  }
}
