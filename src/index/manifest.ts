/** `manifest.json`: what a generation is made of, with a checksum of every file and of itself. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { corruptIndexFile } from '../io/corrupt-index.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[\w.-]+$/);
const count = z.int().nonnegative();

const manifestBody = z.object({
  /** Of the folder's layout. Another format is rebuilt, not converted. */
  format: z.literal(1),
  /** The folder's name; begins with `content`. */
  id: z.string(),
  /** Equal for equal rows, vectors, space and options, whenever, wherever and into however many shards they were
   *  written: the same query gives the same answer on generations of the same content. */
  content: sha256,
  spaceId: z.string(),
  /** The catalog whose track ids the rows carry. */
  catalogId: z.string(),
  createdAt: z.iso.datetime(),
  dimensions: z.int().positive(),
  rowCount: count,
  trackCount: count,
  /** What was chosen when it was built, such as whether chunks that are not music are in. */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** In the order of their rows. */
  shards: z.array(z.object({ file: fileName, rowCount: z.int().positive(), bytes: count, sha256 })),
  rows: z.object({ file: fileName, bytes: count, sha256 }),
  /** How near each row is to its surroundings (hubs.ts). Not in generations that were written without: they answer
   *  uncorrected. Its recipe is among the options and so in `content`; its bytes are not, because they follow from the
   *  rows up to the rounding of a processor. */
  hubs: z.object({ file: fileName, bytes: count, sha256 }).optional(),
});

const manifestFile = manifestBody.extend({ checksum: sha256 });

export type GenerationManifest = Readonly<z.infer<typeof manifestBody>>;
export type GenerationOptions = GenerationManifest['options'];

export const manifestName = 'manifest.json';

export function formatManifest(manifest: GenerationManifest): string {
  const body = manifestBody.parse(manifest);
  return `${JSON.stringify({ ...body, checksum: checksumOf(body) }, null, 2)}\n`;
}

/** @throws {LeitmotifError} `index-corrupt` when it is missing, unreadable, or not what was written */
export async function readManifest(file: string): Promise<GenerationManifest> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw corruptIndexFile(file, 'the file cannot be read', error);
  });
  const parsed = manifestFile.safeParse(parseJson(text));
  if (!parsed.success) throw corruptIndexFile(file, 'it is not a manifest of this version', parsed.error);
  const { checksum, ...body } = parsed.data;
  if (checksumOf(body) !== checksum) throw corruptIndexFile(file, 'its checksum does not fit its words');
  return body;
}

export interface ContentParts {
  readonly spaceId: string;
  readonly dimensions: number;
  readonly rowCount: number;
  readonly options: GenerationOptions;
  readonly rowsSha256: string;
  /** Of all vectors in the order of their rows. */
  readonly vectorsSha256: string;
}

export function contentHash({
  spaceId,
  dimensions,
  rowCount,
  options,
  rowsSha256,
  vectorsSha256,
}: ContentParts): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = ['leitmotif generation 1', spaceId, dimensions, rowCount, sorted, rowsSha256, vectorsSha256];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Every file of a generation but its manifest. */
export function filesOf({ rows, shards, hubs }: GenerationManifest) {
  return [rows, ...shards, ...(hubs === undefined ? [] : [hubs])];
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
