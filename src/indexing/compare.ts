/** What a listing means for a catalog. Pure: nothing is read and nothing written. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import { isRetryable, LeitmotifError } from '../errors.ts';
import type { Listed, ListedFile, ListedProblem } from '../library/library.ts';

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
  /** Files that failed before, look the same, and are not tried again. */
  readonly failedBefore: number;
  /** Files of tracks that somebody asked to remove. */
  readonly keptOut: number;
}

export interface CompareOptions {
  /** Tries every failed file again, whatever its failure. */
  readonly retryFailed: boolean;
  /** Embeds again what was embedded before this moment; milliseconds since 1970. */
  readonly embedAgainBeforeMs?: number;
}

/** Failures that may pass by themselves are tried again in later runs, but not for ever: a file that kills its decoder
 *  each time must not slow every run. */
const triesMax = 3;

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
  if (track.failure !== null) return options.retryFailed || mayPass(track.failure) ? 'retried' : 'failed-before';
  if (!track.embedded) return 'added';
  if (isOutdated(track, options)) return 'again';
  return track.status === 'indexed' ? 'unchanged' : 'returned';
}

/** Whether its vectors are older than the moment from which on they must be. */
export function isOutdated({ embeddedAtMs }: KnownTrack, { embedAgainBeforeMs = 0 }: CompareOptions): boolean {
  return embeddedAtMs !== null && embeddedAtMs < embedAgainBeforeMs;
}

function looksTheSame(file: ListedFile, track: KnownTrack): boolean {
  return file.sizeBytes === track.sizeBytes && file.mtimeMs === track.mtimeMs && file.etag === track.etag;
}

/** A file that could not be opened is always worth another try: permissions change without a trace in size and time. */
function mayPass({ code, tries }: NonNullable<KnownTrack['failure']>): boolean {
  return code === 'file-unreadable' || (tries < triesMax && isRetryable(new LeitmotifError(code, '')));
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
