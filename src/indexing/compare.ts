/** Compares a listing with the catalog. Pure: reads and writes nothing. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { Listed, ListedFile, ListedProblem } from '../library/library.ts';
import { isDue } from './cool-down.ts';

/** A file to read, and why: it is new (or new to this space), its metadata changed, it failed before, or it is embedded again
 *  although it is unchanged. */
export interface Candidate {
  readonly file: ListedFile;
  readonly why: 'added' | 'changed' | 'retried' | 'again';
}

export interface Comparison {
  /** Number of listed files. */
  readonly listed: number;
  readonly candidates: readonly Candidate[];
  /** Unchanged files of tracks that an earlier scan removed. */
  readonly returned: readonly ListedFile[];
  /** Tracks whose files are missing. */
  readonly gone: readonly KnownTrack[];
  readonly problems: readonly ListedProblem[];
  readonly unchanged: number;
  /** Unchanged files that failed before and are not due for another try. */
  readonly failedBefore: number;
  /** Files of tracks that were removed by request. */
  readonly keptOut: number;
}

export interface CompareOptions {
  /** Tries every failed file again, for any failure. */
  readonly retryFailed: boolean;
  /** Current time of the clock that stamps failures; milliseconds since 1970. */
  readonly nowMs: number;
  /** Embeds tracks again that were embedded before this time; milliseconds since 1970. */
  readonly embedAgainBeforeMs?: number | undefined;
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
    gone: findMissing(known, fileKeys, problems),
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
  if (!isUnchangedFile(file, track)) return track.sizeBytes === null ? 'retried' : 'changed';
  if (track.failure !== null)
    return options.retryFailed || isDue(track.failure, options.nowMs) ? 'retried' : 'failed-before';
  if (!track.embedded) return 'added';
  if (isOutdated(track, options)) return 'again';
  return track.status === 'indexed' ? 'unchanged' : 'returned';
}

/** Whether its vectors are older than `embedAgainBeforeMs`. */
export function isOutdated(
  { embeddedAtMs }: KnownTrack,
  { embedAgainBeforeMs = 0 }: Pick<CompareOptions, 'embedAgainBeforeMs'>,
): boolean {
  return embeddedAtMs !== null && embeddedAtMs < embedAgainBeforeMs;
}

function isUnchangedFile(file: ListedFile, track: KnownTrack): boolean {
  return file.sizeBytes === track.sizeBytes && file.mtimeMs === track.mtimeMs && file.etag === track.etag;
}

/** A track is gone when it was not listed. Exceptions: tracks below a folder that could not be listed, and imported tracks,
 *  which never had a file and are removed by request only. */
function findMissing(
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
