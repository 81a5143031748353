/** Tracks that are one recording under two names: shown once, never merged in the catalog.
 *
 *  Found while answering, among the tracks of the answer: comparing those that may be copies costs a few milliseconds, and
 *  nothing has to be kept true when tracks come, go or are indexed anew, as a table of copies would.
 */
import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { Fingerprint, RankedTrack, Track } from '../domain.ts';
import { areProposed, durationsAgree, isSameWhole } from '../fingerprint/duplicates.ts';

/** Bounds on the work of one answer, in comparisons of fingerprints: some tenths of a millisecond each. Equal bytes cost none. */
export const comparisonsMax = 200;
/** Those of pairs that nothing proposes but their durations: copies may have been found by different chunks of the query. */
const blindMax = 12;

/** What was imported without its file has the hash of its vectors in that place, marked as such: no proof of equal sound. */
const sha256 = /^[0-9a-f]{64}$/;

export interface Found {
  readonly track: Track;
  readonly evidence: RankedTrack;
}

export interface Merged extends Found {
  /** Best ranked first. */
  readonly alsoAs: readonly Track[];
}

/** Compares the tracks of one answer. */
export class Copies {
  readonly #catalog: Catalog;
  readonly #contents = new Map<number, string>();
  readonly #fingerprints = new Map<number, Fingerprint | null>();
  /** Pairs that were compared -> whether they are one recording. */
  readonly #compared = new Map<string, boolean>();
  #comparisons = 0;
  #blind = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Looks up what comparing these takes; without it they are equal by their fingerprints only. */
  add(tracks: readonly Track[]): void {
    const unknown = tracks.map(({ id }) => id).filter((id) => !this.#contents.has(id));
    for (const [id, content] of this.#catalog.tracks.contentsOf(unknown)) this.#contents.set(id, content);
  }

  /** Another search found more to compare: the limits on comparisons count from 0 again. */
  beginRound(): void {
    this.#comparisons = 0;
    this.#blind = 0;
  }

  /** Equal for tracks of equal bytes; null where the bytes are not known. */
  contentOf({ id }: Track): string | null {
    const content = this.#contents.get(id) ?? '';
    return sha256.test(content) ? content : null;
  }

  /** Whether it is proved that both are one recording: by equal bytes, or by durations and fingerprints that agree.
   *  Asynchronous, because others get their turn between two comparisons.
   *  @param isProposed whether something else than their durations speaks for it: asked only where it matters */
  async areOne(first: Track, second: Track, isProposed: () => boolean): Promise<boolean> {
    const content = this.contentOf(first);
    if (content !== null && content === this.contentOf(second)) return true;
    if (!durationsAgree(first.durationSec, second.durationSec)) return false;
    const pair = `${Math.min(first.id, second.id)}:${Math.max(first.id, second.id)}`;
    const known = this.#compared.get(pair);
    if (known !== undefined || this.#comparisons >= comparisonsMax) return known ?? false;
    const [one, other] = [this.#fingerprintOf(first), this.#fingerprintOf(second)];
    if (one === null || other === null || one.itemSec !== other.itemSec) return false;
    if (!isProposed() && this.#blind++ >= blindMax) return false;
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

/** Tracks of a ranking, copies under the best ranked of them.
 *
 *  @param ranked  best first
 *  @param max     tracks wanted; copies of these are looked for in the whole ranking
 *  @param mayShow asked once of each track that is no copy of one before it, in order
 */
export async function mergeCopies(
  ranked: readonly Found[],
  copies: Copies,
  { max, mayShow }: { readonly max: number; readonly mayShow: (track: Track) => boolean },
): Promise<Merged[]> {
  copies.add(ranked.map(({ track }) => track));
  const shown: (Found & { readonly alsoAs: Track[] })[] = [];
  // Equal bytes take no comparison, so they are looked for first, under every name of what is shown.
  const byContent = new Map<string, (typeof shown)[number]>();
  for (const found of ranked) {
    const content = copies.contentOf(found.track);
    const equal = content === null ? undefined : byContent.get(content);
    const original = equal ?? (await originalOf(found, shown, copies));
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

async function originalOf<T extends Found>(found: Found, shown: readonly T[], copies: Copies): Promise<T | null> {
  for (const other of shown) {
    const isProposed = () => areProposed(other.evidence.hits, found.evidence.hits);
    if (await copies.areOne(other.track, found.track, isProposed)) return other;
  }
  return null;
}

/** The best hit of a copy of what was asked with is about this near, wherever its windows lie. */
const copyDistanceMax = 0.2;

/** The tracks of a ranking that are one recording with one of `known`: the piece that was asked with. */
export async function copiesOf(known: readonly Track[], ranked: readonly Found[], copies: Copies): Promise<number[]> {
  copies.add([...known, ...ranked.map(({ track }) => track)]);
  const found: number[] = [];
  for (const { track, evidence } of ranked) {
    for (const original of known) {
      const isOne = await copies.areOne(original, track, () => evidence.bestDistance <= copyDistanceMax);
      if (isOne) found.push(track.id);
      if (isOne) break;
    }
  }
  return found;
}
