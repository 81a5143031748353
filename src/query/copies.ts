/** Tracks that are one recording under two names: shown once, never merged in the catalog.
 *
 *  Found while answering, among the tracks of the answer: comparing those whose durations agree costs a few milliseconds, and
 *  nothing has to be kept true when tracks come, go or are indexed anew, as a table of copies would.
 */
import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { Fingerprint, Track } from '../domain.ts';
import { durationsAgree, isSameWhole } from '../search/duplicates.ts';

/** A bound on the work of one answer: comparisons of fingerprints, a fifth of a millisecond each. Equal bytes cost none. */
export const comparisonsMax = 200;

export interface Found<T> {
  readonly track: Track;
  readonly evidence: T;
}

export interface Merged<T> extends Found<T> {
  /** Best ranked first. */
  readonly alsoAs: readonly Track[];
}

/** Compares the tracks of one answer. */
export class Copies {
  readonly #catalog: Catalog;
  readonly #contents: ReadonlyMap<number, string>;
  readonly #fingerprints = new Map<number, Fingerprint | null>();
  #comparisons = 0;

  /** @param trackIds all that will be compared */
  constructor(catalog: Catalog, trackIds: Iterable<number>) {
    this.#catalog = catalog;
    this.#contents = catalog.tracks.contentsOf(trackIds);
  }

  /** Whether it is proved that both are one recording: by equal bytes, or by durations and fingerprints that agree.
   *  Asynchronous, because others get their turn between two comparisons. */
  async areOne(first: Track, second: Track): Promise<boolean> {
    const content = this.#contents.get(first.id);
    if (content !== undefined && content === this.#contents.get(second.id)) return true;
    if (!durationsAgree(first.durationSec, second.durationSec) || this.#comparisons >= comparisonsMax) return false;
    const [one, other] = [this.#fingerprintOf(first), this.#fingerprintOf(second)];
    if (one === null || other === null || one.itemSec !== other.itemSec) return false;
    this.#comparisons++;
    await setImmediate();
    return isSameWhole(one, other);
  }

  #fingerprintOf({ id }: Track): Fingerprint | null {
    let fingerprint = this.#fingerprints.get(id);
    if (fingerprint === undefined) {
      fingerprint = this.#catalog.evidence.fingerprintOf(id);
      this.#fingerprints.set(id, fingerprint);
    }
    return fingerprint;
  }
}

/** Tracks of a ranking, copies under the best ranked of them.
 *
 *  @param ranked  best first
 *  @param max     tracks wanted; copies of these are looked for in the whole ranking
 *  @param mayShow asked once of each track that is no copy of one before it, in order
 */
export async function mergeCopies<T>(
  ranked: readonly Found<T>[],
  copies: Copies,
  { max, mayShow }: { readonly max: number; readonly mayShow: (track: Track) => boolean },
): Promise<Merged<T>[]> {
  const shown: { track: Track; evidence: T; alsoAs: Track[] }[] = [];
  for (const found of ranked) {
    const original = await firstCopyOf(found.track, shown, copies);
    if (original) original.alsoAs.push(found.track);
    else if (shown.length < max && mayShow(found.track)) shown.push({ ...found, alsoAs: [] });
  }
  return shown;
}

/** The tracks among `ranked` that are one recording with one of `known`, which is not to be found. */
export async function copiesOf(known: readonly Track[], ranked: readonly Track[], copies: Copies): Promise<number[]> {
  const found: number[] = [];
  for (const track of ranked) {
    if (
      await firstCopyOf(
        track,
        known.map((each) => ({ track: each })),
        copies,
      )
    )
      found.push(track.id);
  }
  return found;
}

async function firstCopyOf<T extends { readonly track: Track }>(
  track: Track,
  others: readonly T[],
  copies: Copies,
): Promise<T | null> {
  for (const other of others) {
    if (await copies.areOne(other.track, track)) return other;
  }
  return null;
}
