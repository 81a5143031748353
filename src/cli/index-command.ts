/** `npm run index -- [DIR or PLACE...]` */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { counted, formatBytes, formatDuration, kindsWithoutMusic, oneLine } from '../format.ts';
import type { IndexProgress } from '../indexing/progress.ts';
import type { IndexSummary } from '../indexing/summary.ts';
import { excludeKeys } from '../library/exclude-keys.ts';
import { FolderLibrary } from '../library/folder.ts';
import type { Library } from '../library/library.ts';
import type { Services } from '../services/services.ts';
import { dryRun } from './dry-run.ts';
import { progressBar } from './progress-bar.ts';

export interface IndexCommandOptions {
  readonly exclude?: readonly string[];
  readonly retryFailed?: true;
  readonly allowEmpty?: true;
  readonly replaceLibrary?: true;
  /** Prints the plan without running it. */
  readonly dryRun?: true;
  /** Prints the plan as one object. */
  readonly json?: true;
}

/** `npm run library -- failures` lists all of them. */
const failuresShownMax = 10;
const extensionsShownMax = 8;

type LibraryServices = Pick<Services, 'config' | 'libraries'>;
type IndexServices = Pick<Services, 'config' | 'libraries' | 'indexing'>;

export async function indexCommand(
  services: IndexServices,
  places: readonly string[],
  options: IndexCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.dryRun) return dryRun(services, libraryOf(places, services, options), options, signal);
  const summary = await indexWithProgress(services, places, options, signal);
  process.stdout.write(`${summaryText(summary)}\n`);
  return 0;
}

/** @throws {LeitmotifError} as IndexingService.index */
export async function indexWithProgress(
  services: IndexServices,
  places: readonly string[],
  options: IndexCommandOptions,
  signal: AbortSignal,
): Promise<IndexSummary> {
  const display = indexProgress();
  const library = libraryOf(places, services, options);
  const { retryFailed = false, allowEmpty = false, replaceLibrary = false } = options;
  try {
    return await services.indexing.index({
      ...{ retryFailed, allowEmpty, replaceLibrary, library, signal },
      onProgress: (progress) => display.update(progress),
      onClipsEstimated: ({ files, bytes }) => {
        const words = `Clips to store in ${services.libraries.clipStore?.location}: about ${files}, ${formatBytes(bytes)}`;
        if (files > 0) process.stderr.write(`${words}\n`);
      },
    });
  } finally {
    display.stop();
  }
}

function libraryOf(
  places: readonly string[],
  services: LibraryServices,
  { exclude = [] }: IndexCommandOptions,
): Library {
  const named = libraryNamed(places, services);
  const isExcluded = (key: string) => exclude.some((glob) => path.posix.matchesGlob(key, glob));
  return exclude.length > 0 ? excludeKeys(named, isExcluded) : named;
}

/** A single folder needs no prefix. Several places need names, as in LIBRARY. No place means LIBRARY. */
function libraryNamed(places: readonly string[], { config, libraries }: LibraryServices): Library {
  const [first] = places;
  if (places.length === 1 && first !== undefined && !/^(?:(?:file|azure):|[^/=]+=(?:file|azure):)/.test(first)) {
    return new FolderLibrary(first, { bytesMax: config.audioLimits.bytesMax });
  }
  const text = first === undefined ? config.library : places.join('; ');
  const library = text === undefined ? libraries.current() : libraries.open(text);
  if (library) return library;
  throw new LeitmotifError(
    'config-invalid',
    'Cannot index: expected a library; set LIBRARY, or give a folder (npm run index -- DIR)',
  );
}

export function summaryText(summary: IndexSummary): string {
  const { files, failures, audioSec, wallMs, generation, spaceId, withoutMusic, clips } = summary;
  const counts = [
    `${counted(files.listed, 'recording')} listed`,
    ...(
      [
        'embedded',
        'reused',
        'moved',
        'unchanged',
        'moving',
        'removed',
        'failed',
        'failedBefore',
        'keptOut',
        'notListed',
      ] as const
    )
      .filter((name) => files[name] > 0)
      .map((name) => `${files[name]} ${countWords[name]}`),
  ];
  const speed =
    audioSec > 0
      ? `, ${formatDuration(audioSec)} of audio at ${Math.round(audioSec / (wallMs / 1000))} x real time`
      : '';
  const lines = [`${counts.join(', ')}.`, `Took ${formatDuration(wallMs / 1000)}${speed}. Space ${spaceId}.`];
  lines.push(
    ...passedOverWords(summary.passedOver),
    ...withoutMusicWords(withoutMusic),
    generationWords(generation),
    ...clipsWords(clips),
  );
  for (const { key, message } of failures.slice(0, failuresShownMax))
    lines.push(`  failed: ${oneLine(key)}: ${oneLine(message, 300)}`);
  if (failures.length > failuresShownMax) lines.push(`  ... and ${failures.length - failuresShownMax} more:`);
  if (failures.length + files.failedBefore > 0) lines.push('  all failures: npm run library -- failures');
  return lines.join('\n');
}

/** The most frequent extensions first. */
function passedOverWords(passedOver: IndexSummary['passedOver']): string[] {
  const kinds = Object.entries(passedOver).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return [];
  const shown = kinds
    .slice(0, extensionsShownMax)
    .map(([name, count]) => `${count} ${oneLine(name) || 'without an extension'}`);
  const rest = kinds.length > extensionsShownMax ? ', ...' : '';
  return [
    `${total} ${total === 1 ? 'file' : 'files'} skipped, not recordings by their names: ${shown.join(', ')}${rest}.`,
  ];
}

const countWords = {
  embedded: 'embedded',
  reused: 'with known content',
  moved: 'moved',
  unchanged: 'unchanged',
  moving: 'changed during reading (left for the next run)',
  removed: 'removed',
  failed: 'failed',
  failedBefore: 'failed before (--retry-failed tries again now)',
  keptOut: 'excluded on request',
  notListed: 'more that could not be read',
} as const;

function withoutMusicWords(tracks: IndexSummary['withoutMusic']): string[] {
  const total = tracks.silence + tracks.applause + tracks.noise;
  if (total === 0) return [];
  return [`Without music, so excluded from answers: ${counted(total, 'track')} (${kindsWithoutMusic(tracks)}).`];
}

function clipsWords(clips: IndexSummary['clips']): string[] {
  if (clips === null) return [];
  const { stored, clips: count, bytes, removed, failed, reason } = clips;
  const lines = [];
  if (stored > 0)
    lines.push(`Stored ${counted(count, 'clip')} of ${counted(stored, 'recording')}, ${formatBytes(bytes)}.`);
  if (removed > 0) lines.push(`Deleted the clips of ${counted(removed, 'recording')} no longer in the library.`);
  if (reason !== null) {
    lines.push(
      `Clips are missing${failed > 0 ? ` of ${counted(failed, 'recording')}` : ''}; the next run tries again: ${oneLine(reason, 300)}`,
    );
  }
  return lines;
}

/** The index was rolled back and has not changed since. */
function lockedWords(id: string): string {
  return `The index stays at generation ${id}, to which it was rolled back; npm run library -- rollback undoes that.`;
}

export function generationWords(generation: IndexSummary['generation']): string {
  if (generation.kind === 'written') {
    const { id, rows, endsRollBackTo } = generation;
    const end = endsRollBackTo === undefined ? '' : ` This ends the roll-back to ${endsRollBackTo}.`;
    return `Generation ${id} is now in use, ${counted(rows, 'chunk')}.${end}`;
  }
  if (generation.kind === 'held') return lockedWords(generation.id);
  return generation.kind === 'empty' ? 'The index is empty.' : 'The index is up to date.';
}

interface ProgressDisplay {
  update(progress: IndexProgress): void;
  stop(): void;
}

/** Progress on stderr: a bar on a terminal, otherwise a line from time to time. */
function indexProgress(): ProgressDisplay {
  const bar = progressBar(
    ' {bar} {value}/{total} tracks | {audio} of audio | {rate} x real time | {eta_text} left{failed_text}',
  );
  let started = false;
  return {
    update(progress) {
      if (progress.phase !== 'embed' || progress.tracksTotal === 0) return;
      const payload = {
        audio: formatDuration(progress.secondsDone),
        rate: progress.ratePerSec.toFixed(0),
        eta_text: progress.etaSec === null ? '…' : formatDuration(progress.etaSec),
        failed_text: progress.failed > 0 ? ` | ${progress.failed} failed` : '',
      };
      if (!started) bar.start(progress.tracksTotal, progress.tracksDone, payload);
      else bar.update(progress.tracksDone, payload);
      started = true;
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
