/** `manifest.json`: describes a generation, with a checksum of every file and of itself. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { partNames } from '../ranking/space-parts.ts';
import { indexTypes } from './milvus/settings.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[\w.-]+$/);
const count = z.int().nonnegative();
const file = z.object({ file: fileName, bytes: count, sha256 });

/** Quantiles 0, 0.01, ... 1. */
const spreadCurve = z.array(z.number()).length(101);

const manifestBody = z.object({
  /** Version of the folder's layout. Generations of another format are rebuilt, not converted. */
  format: z.literal(2),
  /** The folder's name; starts with the first digits of `content`. */
  id: z.string(),
  /** Hash of rows, vectors, space and options, independent of time, machine and number of shards: the same query gives
   *  the same answer on generations of the same content. */
  content: sha256,
  spaceId: z.string(),
  /** The catalog that the rows' track ids belong to. */
  catalogId: z.string(),
  createdAt: z.iso.datetime(),
  dimensions: z.int().positive(),
  rowCount: count,
  trackCount: count,
  /** Build options, such as whether non-music chunks are included. */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** @see ranking/space-parts.ts */
  parts: z
    .array(z.object({ name: z.enum(partNames), from: count, dimensions: z.int().positive(), weight: z.number() }))
    .nonempty(),
  /** In the order of their rows; each with one file for each part. */
  shards: z.array(z.object({ rowCount: z.int().positive(), files: z.array(file) })),
  rows: file,
  /** The tracks and their rows (tracks-file.ts). A row of no track was dropped. Generations written before it was introduced
   *  have none, and no dropped rows. */
  tracks: file.optional(),
  /** Set for a generation that was made by adding to an earlier one, its base: the first shards are the base's files, and the
   *  last one holds the rows that the base has not. Hubs and spread were measured on the base; added rows were measured
   *  against the same references. */
  base: z.object({ content: sha256, rowCount: count, shards: count, droppedRows: count }).optional(),
  /** The hubness of each row (hubs.ts), one file for each part. Generations without it answer without hub correction. Its
   *  recipe is one of the options and therefore part of `content`; its bytes are not, because they follow from the rows
   *  except for the processor's rounding. */
  hubs: z.array(file).optional(),
  /** Set if Milvus has the vectors; `shards` is then empty. */
  milvus: z
    .object({
      /** One for each part. Generations that were added to each other share them. */
      collections: z.array(z.string()).nonempty(),
      indexType: z.enum(indexTypes),
      /** How much of the index a search visits (milvus/settings.ts). */
      effort: z.number().optional(),
      /** Recall@5, measured when the collections were filled; 1 for FLAT. */
      recall: z.number(),
      /** Vectors of the reference rows of the base (hubs.ts), one file for each part: rows of the catalog to compare the server
       *  with, and to measure the hubs of added rows. */
      references: z.array(file).nonempty(),
    })
    .optional(),
  /** How near its tracks come to each other (spread.ts); missing if there are not two. */
  spread: z.object({ whole: spreadCurve, ofParts: z.array(spreadCurve) }).optional(),
});

const manifestFile = manifestBody.extend({ checksum: sha256 });

export type GenerationManifest = Readonly<z.infer<typeof manifestBody>>;
export type GenerationOptions = GenerationManifest['options'];

export const manifestName = 'manifest.json';

export function formatManifest(manifest: GenerationManifest): string {
  const body = manifestBody.parse(manifest);
  return `${JSON.stringify({ ...body, checksum: checksumOf(body) }, null, 2)}\n`;
}

/** @throws {LeitmotifError} `index-corrupt` if it is missing, unreadable, or was changed after it was written */
export async function readManifest(file: string): Promise<GenerationManifest> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw corruptIndexFile(file, 'the file cannot be read', error);
  });
  const parsed = manifestFile.safeParse(parseJson(text));
  if (!parsed.success) throw corruptIndexFile(file, 'it is not a manifest of this version', parsed.error);
  const { checksum, ...body } = parsed.data;
  if (checksumOf(body) !== checksum) throw corruptIndexFile(file, 'its checksum does not match its content');
  return body;
}

export interface ContentParts {
  readonly spaceId: string;
  readonly dimensions: number;
  readonly rowCount: number;
  readonly options: GenerationOptions;
  readonly rowsSha256: string;
  /** Of all vectors, in row order. */
  readonly vectorsSha256: string;
  /** Of a generation with a base; the vectors are then those that were added. */
  readonly base?: { readonly content: string; readonly tracksSha256: string };
}

export function contentHash({
  spaceId,
  dimensions,
  rowCount,
  options,
  rowsSha256,
  vectorsSha256,
  base,
}: ContentParts): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = ['leitmotif generation 2', spaceId, dimensions, rowCount, sorted, rowsSha256, vectorsSha256];
  const ofBase = base === undefined ? [] : [base.content, base.tracksSha256];
  return createHash('sha256')
    .update(JSON.stringify([...parts, ...ofBase]))
    .digest('hex');
}

/** Rows that can be found. */
export function liveRowCount({ rowCount, base }: GenerationManifest): number {
  return rowCount - (base?.droppedRows ?? 0);
}

/** Every file of a generation except its manifest. */
export function filesOf({ rows, tracks, shards, hubs, milvus }: GenerationManifest) {
  const inFolder = [rows, ...(tracks ? [tracks] : []), ...shards.flatMap(({ files }) => files), ...(hubs ?? [])];
  return milvus === undefined ? inFolder : [...inFolder, ...milvus.references];
}

function checksumOf(body: GenerationManifest): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
