/** Checks whether a query's file equals a library file byte for byte. This proves identity even if a recording is too short
 *  or too uniform for its fingerprint. */
import { createReadStream } from 'node:fs';
import type { Catalog } from '../catalog/catalog.ts';
import type { RankedTrack, Verdict } from '../domain.ts';
import { hashOf } from '../io/hash.ts';

/** Equal bytes give equal vectors, up to rounding below this distance. If no track is this near, no file is read. */
const identicalDistanceMax = 0.0005;

export interface QueryFile {
  readonly path: string;
  readonly fromSec?: number | undefined;
  /** Of the whole file, if known. */
  readonly contentSha256?: string | undefined;
}

/** @returns null if no track of the ranking equals the file, or the file can no longer be read */
export async function verdictByBytes(
  ranked: readonly RankedTrack[],
  file: QueryFile,
  catalog: Catalog,
): Promise<Verdict | null> {
  const identical = ranked.filter(({ bestDistance }) => bestDistance < identicalDistanceMax);
  if (identical.length === 0) return null;
  const content = file.contentSha256 ?? (await hashOfFile(file.path));
  if (content === null) return null;
  const contents = catalog.tracks.contentsOf(identical.map(({ trackId }) => trackId));
  const own = identical.find(({ trackId }) => contents.get(trackId) === content);
  return own ? { kind: 'this-is', trackId: own.trackId, offsetSec: file.fromSec ?? 0, bitErrorRate: 0 } : null;
}

async function hashOfFile(path: string): Promise<string | null> {
  try {
    return await hashOf(createReadStream(path));
  } catch {
    // The answer does not depend on this proof.
    return null;
  }
}
