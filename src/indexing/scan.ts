/** Scans the library and applies all changes to the catalog that need no embedding: missing, moved, returned and unreadable
 *  files. Returns the files to embed. */
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownTrack } from '../catalog/track-rows.ts';
import { LeitmotifError } from '../errors.ts';
import { hashOf } from '../io/hash.ts';
import { extensionOf } from '../library/audio-names.ts';
import type { Library, Listed, ListedFile, ListedProblem } from '../library/library.ts';
import { type Candidate, type CompareOptions, type Comparison, compare, isOutdated } from './compare.ts';
import { coolDownMs } from './cool-down.ts';

export interface ScanOptions extends Omit<CompareOptions, 'nowMs'> {
  readonly catalog: Catalog;
  readonly library: Library;
  readonly spaceId: string;
  /** Accepts an empty listing. Otherwise an empty listing of a library that had recordings is treated as an unmounted disk,
   *  and nothing is removed. */
  readonly allowEmpty: boolean;
  readonly signal: AbortSignal;
  readonly onListed: (files: number) => void;
}

export interface ScanResult extends Omit<Comparison, 'candidates' | 'gone'> {
  readonly candidates: readonly Candidate[];
  readonly removed: readonly KnownTrack[];
  readonly moved: readonly Move[];
  /** Moves whose vectors are up to date: nothing is left to do. */
  readonly settled: readonly Move[];
  /** Files that are not recordings: counts by extension, '' for none. */
  readonly passedOver: Readonly<Record<string, number>>;
}

export async function scan(options: ScanOptions): Promise<ScanResult> {
  const result = await findChanges(options);
  apply(result, options.catalog);
  return result;
}

/** Finds the changes without writing them to the catalog.
 *  @throws {LeitmotifError} 'file-unreadable' when the library cannot be listed or is suddenly empty; 'cancelled' */
export async function findChanges(options: ScanOptions): Promise<ScanResult> {
  const known = options.catalog.tracks.known(options.spaceId);
  const passedOver: Record<string, number> = Object.create(null);
  const listing = reportEmptiedLibraries(await readListing(options, passedOver), known, options);
  assertNotVanished(listing, known, options);
  const comparison = compare(listing, known, { ...options, nowMs: options.catalog.nowMs() });
  const moved = await findMoves(comparison.candidates, comparison.gone, known, (file) => tryHash(file, options));
  const movedFrom = new Set(moved.map(({ from }) => from.key));
  // A moved track without current vectors in this space stays a candidate.
  const settled = moved.filter(({ from }) => from.embedded && !isOutdated(from, options));
  const settledKeys = new Set(settled.map(({ to }) => to.key));
  const outdatedKeys = new Set(moved.filter(({ from }) => isOutdated(from, options)).map(({ to }) => to.key));
  return {
    ...comparison,
    candidates: comparison.candidates
      .filter(({ file }) => !settledKeys.has(file.key))
      .map((candidate) => (outdatedKeys.has(candidate.file.key) ? { ...candidate, why: 'again' as const } : candidate)),
    removed: comparison.gone.filter(({ key }) => !movedFrom.has(key)),
    moved,
    settled,
    passedOver,
  };
}

async function readListing(
  { library, signal, onListed }: ScanOptions,
  passedOver: Record<string, number>,
): Promise<Listed[]> {
  const listing: Listed[] = [];
  const onSkipped = (name: string) => {
    const extension = extensionOf(name) ?? '';
    passedOver[extension] = (passedOver[extension] ?? 0) + 1;
  };
  for await (const listed of library.list({ signal, onSkipped })) {
    listing.push(listed);
    if (listing.length % 1000 === 0) onListed(listing.length);
  }
  onListed(listing.length);
  return listing;
}

/** Adds a problem for each of several libraries that had recordings and lists none: its disk may be unmounted or its prefix
 *  mistyped, so its content is unknown, not gone. A single library is handled by `assertNotVanished`. */
function reportEmptiedLibraries(
  listing: readonly Listed[],
  known: ReadonlyMap<string, KnownTrack>,
  { library: { prefixes = [] }, allowEmpty }: ScanOptions,
): Listed[] {
  if (allowEmpty) return [...listing];
  const problems = prefixes.flatMap((prefix): ListedProblem[] => {
    if (listing.some(({ key }) => key.startsWith(prefix))) return [];
    const indexedCount = [...known.values()].filter(
      ({ key, status }) => status === 'indexed' && key.startsWith(prefix),
    ).length;
    if (indexedCount === 0) return [];
    const message = `Expected the ${indexedCount} recordings that it had, found none; is its disk there? If it is meant to be empty, say so (--allow-empty)`;
    return [{ type: 'problem', key: prefix, code: 'file-unreadable', message }];
  });
  return [...listing, ...problems];
}

function assertNotVanished(
  listing: readonly Listed[],
  known: ReadonlyMap<string, KnownTrack>,
  { library, allowEmpty }: ScanOptions,
): void {
  if (allowEmpty || listing.length > 0) return;
  const indexed = [...known.values()].filter((track) => track.status === 'indexed').length;
  if (indexed === 0) return;
  throw new LeitmotifError(
    'file-unreadable',
    `Cannot index ${library.location}: expected the ${indexed} recordings that it had, found none; ` +
      'is its disk there? If it is meant to be empty, say so',
  );
}

async function tryHash(file: ListedFile, { library, signal }: ScanOptions): Promise<string | null> {
  try {
    return await hashOf(library.read(file.key, { signal }));
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

function apply(result: ScanResult, catalog: Catalog): void {
  for (const { from, to } of result.moved) catalog.files.rename(from.key, to);
  for (const file of result.returned) catalog.files.touch(file);
  if (result.removed.length > 0) catalog.removals.remove(keysOf(result.removed), 'scan');
  for (const { key, code, message } of result.problems) {
    const attempt = { spaceId: null, contentSha256: null, code, message };
    catalog.files.putFailed({ key }, { ...attempt, coolDownMs: (tries) => coolDownMs(code, tries) });
  }
}

function keysOf(tracks: readonly KnownTrack[]): string[] {
  return tracks.map((track) => track.key);
}

/** A moved file: the same bytes under a new key, and no file under the old key. */
interface Move {
  readonly from: KnownTrack;
  readonly to: ListedFile;
}

/** Reads only files with the size of a missing file, so a scan without moves reads nothing.
 *  @param known tracks by key: a file with a known key is changed, not moved
 *  @param hash returns the SHA-256 of a file in lower-case hex; null for an unreadable file, which is no move
 *  @returns each track and each file at most once, in key order */
async function findMoves(
  candidates: readonly Candidate[],
  gone: readonly KnownTrack[],
  known: ReadonlyMap<string, KnownTrack>,
  hash: (file: ListedFile) => Promise<string | null>,
): Promise<Move[]> {
  const waiting = byContent(gone);
  const sizes = new Set(gone.map((track) => track.sizeBytes));
  const moves: Move[] = [];
  for (const { file, why } of candidates) {
    if (why !== 'added' || known.has(file.key) || !sizes.has(file.sizeBytes)) continue;
    const from = waiting.get((await hash(file)) ?? '')?.shift();
    if (from !== undefined) moves.push({ from, to: file });
  }
  return moves;
}

function byContent(gone: readonly KnownTrack[]): Map<string, KnownTrack[]> {
  const found = new Map<string, KnownTrack[]>();
  for (const track of gone) {
    if (track.contentSha256 === null || track.failure !== null) continue;
    found.set(track.contentSha256, [...(found.get(track.contentSha256) ?? []), track]);
  }
  return found;
}
