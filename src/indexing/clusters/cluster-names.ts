/** Names of clusterings and of the marks made from them. A cluster's number is valid until the next clustering; its name stays
 *  the same as long as the library does, and never means another cluster. */
import { createHash } from 'node:crypto';
import type { Region } from '../../catalog/marked-regions.ts';

/** Enough to tell all clusterings of a library apart. */
const hexDigits = 12;

/** @param centres shape [groups][dimensions], in the order shown
 *  @returns equal for equal centres */
export function clusteringName(centres: Float32Array): string {
  const bytes = new Uint8Array(centres.buffer, centres.byteOffset, centres.byteLength);
  return createHash('sha256').update(bytes).digest('hex').slice(0, hexDigits);
}

/** The name of a cluster, and of the mark that excludes it. */
export function markName({ centres, centre }: Pick<Region, 'centres' | 'centre'>): string {
  return `${clusteringName(centres)}-${centre + 1}`;
}

/** @returns null for a text that is no such name */
export function parseMarkName(name: string): { readonly clustering: string; readonly clusterId: number } | null {
  const [, clustering, id] = /^([0-9a-f]{12})-([1-9]\d{0,2})$/.exec(name) ?? [];
  return clustering === undefined ? null : { clustering, clusterId: Number(id) };
}
