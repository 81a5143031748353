/** Whether a query's file is one of the library's, byte for byte: proof also where a recording is too short, or too even,
 *  for its fingerprint to prove anything. */
import { createReadStream } from 'node:fs';
import type { Catalog } from '../catalog/catalog.ts';
import type { RankedTrack, Verdict } from '../domain.ts';
import { hashOf } from '../io/hash.ts';

/** Equal bytes give equal vectors; rounding leaves less than this. Where nothing is as near, nothing is read. */
const identicalDistanceMax = 0.0005;

export interface AskedFile {
  readonly path: string;
  readonly fromSec?: number;
  /** Of the whole file, where it is known. */
  readonly contentSha256?: string;
}

/** @returns null where no track of the ranking is the file, or the file can no longer be read */
export async function verdictByBytes(
  ranked: readonly RankedTrack[],
  asked: AskedFile,
  catalog: Catalog,
): Promise<Verdict | null> {
  const identical = ranked.filter(({ bestDistance }) => bestDistance < identicalDistanceMax);
  if (identical.length === 0) return null;
  const content = asked.contentSha256 ?? (await hashOfFile(asked.path));
  if (content === null) return null;
  const contents = catalog.tracks.contentsOf(identical.map(({ trackId }) => trackId));
  const own = identical.find(({ trackId }) => contents.get(trackId) === content);
  return own ? { kind: 'this-is', trackId: own.trackId, offsetSec: asked.fromSec ?? 0, bitErrorRate: 0 } : null;
}

async function hashOfFile(path: string): Promise<string | null> {
  try {
    return await hashOf(createReadStream(path));
  } catch {
    // It was read a moment ago; its answer does not depend on this proof.
    return null;
  }
}
