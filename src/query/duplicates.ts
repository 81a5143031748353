/** Duplicates: tracks that are the same recording. Answers show them once; the catalog never merges them.
 *
 *  They are found at query time among the tracks of the answer: this takes a few milliseconds, and unlike a table of
 *  duplicates it needs no updates when tracks are added, removed or indexed again.
 */
import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { Fingerprint, RankedTrack, Track } from '../domain.ts';
import { durationsAgree, haveMatchingHits, isSameWhole } from '../fingerprint/duplicates.ts';

/** Maximum fingerprint comparisons per answer; each takes some tenths of a millisecond. Equal bytes need none. */
export const comparisonsMax = 200;
/** Maximum comparisons of pairs with only their durations in common: different query chunks may find the duplicates. */
const durationOnlyMax = 12;

/** Tracks imported without their file have a marked hash of their vectors instead, which does not prove equal sound. */
const sha256 = /^[0-9a-f]{64}$/;

export interface FoundTrack {
  readonly track: Track;
  readonly evidence: RankedTrack;
}

export interface MergedTrack extends FoundTrack {
  /** Duplicates, best ranked first. */
  readonly alsoAs: readonly Track[];
}

/** Compares the tracks of one answer, and remembers the results. */
export class DuplicateFinder {
  readonly #catalog: Catalog;
  readonly #contents = new Map<number, string>();
  readonly #fingerprints = new Map<number, Fingerprint | null>();
  /** Compared pairs -> whether they are the same recording. */
  readonly #compared = new Map<string, boolean>();
  #comparisons = 0;
  #durationOnly = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Loads the content hashes of these tracks; without them only fingerprints are compared. */
  add(tracks: readonly Track[]): void {
    const unknown = tracks.map(({ id }) => id).filter((id) => !this.#contents.has(id));
    for (const [id, content] of this.#catalog.tracks.contentsOf(unknown)) this.#contents.set(id, content);
  }

  /** Resets the limits on comparisons, after another search found more tracks. */
  resetLimits(): void {
    this.#comparisons = 0;
    this.#durationOnly = 0;
  }

  /** The content hash, equal for tracks of equal bytes; null if unknown. */
  contentOf({ id }: Track): string | null {
    const content = this.#contents.get(id) ?? '';
    return sha256.test(content) ? content : null;
  }

  /** Whether both are proved to be the same recording: by equal bytes, or by durations and fingerprints that agree.
   *  Asynchronous, so that the event loop runs between two comparisons.
   *  @param isProposed whether more than their durations suggests it; called only if needed */
  async isSameRecording(first: Track, second: Track, isProposed: () => boolean): Promise<boolean> {
    const content = this.contentOf(first);
    if (content !== null && content === this.contentOf(second)) return true;
    if (!durationsAgree(first.durationSec, second.durationSec)) return false;
    const pair = `${Math.min(first.id, second.id)}:${Math.max(first.id, second.id)}`;
    const known = this.#compared.get(pair);
    if (known !== undefined || this.#comparisons >= comparisonsMax) return known ?? false;
    const [one, other] = [this.#fingerprintOf(first), this.#fingerprintOf(second)];
    if (one === null || other === null || one.itemSec !== other.itemSec) return false;
    if (!isProposed() && this.#durationOnly++ >= durationOnlyMax) return false;
    this.#comparisons++;
    await setImmediate();
    const isSame = isSameWhole(one, other);
    this.#compared.set(pair, isSame);
    return isSame;
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

/** Merges the duplicates in a ranking under the best ranked of them.
 *
 *  @param ranked  best first
 *  @param max     number of results; their duplicates are searched in the whole ranking
 *  @param mayShow called once, in order, for each track that is not a duplicate of an earlier one
 */
export async function mergeDuplicates(
  ranked: readonly FoundTrack[],
  duplicates: DuplicateFinder,
  { max, mayShow }: { readonly max: number; readonly mayShow: (track: Track) => boolean },
): Promise<MergedTrack[]> {
  duplicates.add(ranked.map(({ track }) => track));
  const shown: (FoundTrack & { readonly alsoAs: Track[] })[] = [];
  // Equal bytes need no comparison, so they are checked first, for every duplicate shown.
  const byContent = new Map<string, (typeof shown)[number]>();
  for (const found of ranked) {
    const content = duplicates.contentOf(found.track);
    const equal = content === null ? undefined : byContent.get(content);
    const original = equal ?? (await originalOf(found, shown, duplicates));
    let own = original;
    if (original) original.alsoAs.push(found.track);
    else if (shown.length < max && mayShow(found.track)) {
      own = { ...found, alsoAs: [] };
      shown.push(own);
    }
    if (own && content !== null) byContent.set(content, own);
  }
  return shown;
}

async function originalOf<T extends FoundTrack>(
  found: FoundTrack,
  shown: readonly T[],
  duplicates: DuplicateFinder,
): Promise<T | null> {
  for (const other of shown) {
    const isProposed = () => haveMatchingHits(other.evidence.hits, found.evidence.hits);
    if (await duplicates.isSameRecording(other.track, found.track, isProposed)) return other;
  }
  return null;
}

/** Maximum distance of the best hit of a duplicate of the query, for any alignment of windows. */
const duplicateDistanceMax = 0.2;

/** Ids of the ranking's tracks that are duplicates of one of `known` (the library track used as the query). */
export async function duplicatesOf(
  known: readonly Track[],
  ranked: readonly FoundTrack[],
  duplicates: DuplicateFinder,
): Promise<number[]> {
  duplicates.add([...known, ...ranked.map(({ track }) => track)]);
  const found: number[] = [];
  for (const { track, evidence } of ranked) {
    for (const original of known) {
      const isDuplicate = await duplicates.isSameRecording(
        original,
        track,
        () => evidence.bestDistance <= duplicateDistanceMax,
      );
      if (isDuplicate) found.push(track.id);
      if (isDuplicate) break;
    }
  }
  return found;
}
