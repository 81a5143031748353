/** Names of collections and aliases. Several libraries, catalogs and programs share a server; the name says whose a collection
 *  is, so that nobody drops another's. */
import { createHash, randomBytes } from 'node:crypto';
import type { PartName } from '../../ranking/space-parts.ts';
import type { GenerationManifest } from '../manifest.ts';

type Owner = Pick<GenerationManifest, 'spaceId' | 'catalogId'>;

/** Begins the names of all collections of a space of a catalog. */
export function stemOf(prefix: string, { spaceId, catalogId }: Owner): string {
  const unique = createHash('sha256')
    .update(JSON.stringify([spaceId, catalogId]))
    .digest('hex')
    .slice(0, 12);
  return `${prefix}_${unique}_`;
}

/** A new name with each call: what a writer that died has left is never added to. */
export function newCollection(prefix: string, manifest: Owner & { readonly content: string }, part: PartName): string {
  return `${stemOf(prefix, manifest)}${part}_${manifest.content.slice(0, 12)}_${randomBytes(3).toString('hex')}`;
}

/** Names the current collection of a part. */
export function aliasOf(prefix: string, owner: Owner, part: PartName): string {
  return `${stemOf(prefix, owner)}${part}_current`;
}
