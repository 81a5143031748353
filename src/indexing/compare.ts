/** What a listing means for a catalog. Pure: nothing is read and nothing written. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { Listed, ListedFile, ListedProblem } from '../library/library.ts';
import { isDue } from './cool-down.ts';

/** A file to look into, and why: it is new (or new to this space), looks different, failed before, or is to be embedded
 *  again though nothing about it changed. */
export interface Candidate {
  readonly file: ListedFile;
  readonly why: 'added' | 'changed' | 'retried' | 'again';
}

export interface Comparison {
  /** Files listed. */
  readonly listed: number;
  readonly candidates: readonly Candidate[];
  /** Tracks that a scan removed and whose files are back as they were. */
  readonly returned: readonly ListedFile[];
  /** Tracks whose files are no longer there. */
  readonly gone: readonly KnownTrack[];
  readonly problems: readonly ListedProblem[];
  readonly unchanged: number;
  /** Files that failed before, look the same, and are not tried again yet. */
  readonly failedBefore: number;
  /** Files of tracks that somebody asked to remove. */
  readonly keptOut: number;
}

export interface CompareOptions {
  /** Tries every failed file again, whatever its failure. */
  readonly retryFailed: boolean;
  /** Now, by the clock that the failures are stamped with; milliseconds since 1970. */
  readonly nowMs: number;
  /** Embeds again what was embedded before this moment; milliseconds since 1970. */
  readonly embedAgainBeforeMs?: number;
}

export function compare(
  listing: readonly Listed[],
  known: ReadonlyMap<string, KnownTrack>,
  options: CompareOptions,
): Comparison {
  const files = listing.filter((listed) => listed.type === 'file');
  const fileKeys = new Set(files.map((file) => file.key));
  const problems = listing
    .filter((listed) => listed.type === 'problem')
    .filter(({ key }) => !fileKeys.has(key) && known.get(key)?.removedBy !== 'request');
  const verdicts = files.map((file) => ({ file, verdict: judge(file, known.get(file.key), options) }));
  const count = (wanted: Verdict) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  return {
    listed: files.length,
    candidates: verdicts.flatMap(({ file, verdict }) => (isReason(verdict) ? [{ file, why: verdict }] : [])),
    returned: verdicts.filter(({ verdict }) => verdict === 'returned').map(({ file }) => file),
    gone: findGone(known, fileKeys, problems),
    problems,
    unchanged: count('unchanged'),
    failedBefore: count('failed-before'),
    keptOut: count('kept-out'),
  };
}

type Verdict = Candidate['why'] | 'unchanged' | 'returned' | 'failed-before' | 'kept-out';

function isReason(verdict: Verdict): verdict is Candidate['why'] {
  return verdict === 'added' || verdict === 'changed' || verdict === 'retried' || verdict === 'again';
}

function judge(file: ListedFile, track: KnownTrack | undefined, options: CompareOptions): Verdict {
  if (track === undefined) return 'added';
  if (track.removedBy === 'request') return 'kept-out';
  if (!looksTheSame(file, track)) return track.sizeBytes === null ? 'retried' : 'changed';
  if (track.failure !== null)
    return options.retryFailed || isDue(track.failure, options.nowMs) ? 'retried' : 'failed-before';
  if (!track.embedded) return 'added';
  if (isOutdated(track, options)) return 'again';
  return track.status === 'indexed' ? 'unchanged' : 'returned';
}

/** Whether its vectors are older than the moment from which on they must be. */
export function isOutdated(
  { embeddedAtMs }: KnownTrack,
  { embedAgainBeforeMs = 0 }: Pick<CompareOptions, 'embedAgainBeforeMs'>,
): boolean {
  return embeddedAtMs !== null && embeddedAtMs < embedAgainBeforeMs;
}

function looksTheSame(file: ListedFile, track: KnownTrack): boolean {
  return file.sizeBytes === track.sizeBytes && file.mtimeMs === track.mtimeMs && file.etag === track.etag;
}

/** Gone is what was not listed, unless it lies below a folder that could not be listed, or was imported: of that there
 *  never was a file, and it goes by request. */
function findGone(
  known: ReadonlyMap<string, KnownTrack>,
  fileKeys: ReadonlySet<string>,
  problems: readonly ListedProblem[],
): KnownTrack[] {
  const problemKeys = new Set(problems.map(({ key }) => key));
  const unknownFolders = problems.map(({ key }) => key).filter((key) => key.endsWith('/'));
  return [...known.values()].filter(
    ({ key, status, sizeBytes, failure }) =>
      status !== 'removed' &&
      !(status === 'indexed' && sizeBytes === null && failure === null) &&
      !fileKeys.has(key) &&
      !problemKeys.has(key) &&
      !unknownFolders.some((folder) => key.startsWith(folder)),
  );
}
