/** `npm run library -- verify|backup|backups|restore|tidy` */
import path from 'node:path';
import type { App } from '../app.ts';
import { counted, formatBytes, formatDuration, oneLine } from '../format.ts';
import type { GenerationOutcome } from '../indexing/update-generation.ts';
import type { Restored } from '../maintenance/restore.ts';
import type { Remedy } from '../maintenance/verify.ts';
import { countProgress } from './count-progress.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const remedyWords: Readonly<Record<Remedy, string>> = {
  mended: 'mended',
  'next-run': 'npm run index looks into it',
  yours: 'needs you',
};

export async function libraryVerify(app: App, options: { readonly deep?: true }, signal: AbortSignal): Promise<number> {
  const deep = options.deep === true;
  const bar = countProgress('recordings');
  try {
    const findings = await app.maintenance.verify({ deep, signal, onProgress: bar.update });
    bar.stop();
    for (const { where, what, remedy } of findings) print(`${where}: ${oneLine(what, 400)} (${remedyWords[remedy]})`);
    if (findings.length === 0) print(deep ? 'Everything is whole, to the last byte.' : 'Everything is whole.');
    const damaged = findings.some(({ where, remedy }) => where === 'catalog' && remedy === 'yours');
    if (damaged) {
      print(
        `The catalog ${app.catalog.path} is damaged: npm run library -- restore BACKUP, or delete it and index again.`,
      );
    }
    return findings.some(({ remedy }) => remedy === 'yours') ? 1 : 0;
  } finally {
    bar.stop();
  }
}

export async function libraryBackup(
  app: App,
  place: string | undefined,
  keep: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = performance.now();
  // A folder is typed as a folder; locations are those of LIBRARY.
  const to = place === undefined || /^(file|azure):/.test(place) ? place : `file:${path.resolve(place)}`;
  const options = { ...(to === undefined ? {} : { to }), ...(keep === undefined ? {} : { keep }), signal };
  const backup = await app.maintenance.backUp(options);
  const took = formatDuration((performance.now() - startedMs) / 1000);
  print(
    `${counted(backup.tracks, 'track')} ${backup.tracks === 1 ? 'is' : 'are'} safe in ${backup.location}, ${formatBytes(backup.bytes)}, after ${took}.`,
  );
  for (const name of backup.removed) print(`Removed an older one: ${name}`);
  return 0;
}

export async function libraryBackups(app: App, signal: AbortSignal): Promise<number> {
  const { location, names } = await app.maintenance.backups(signal);
  for (const name of names) print(name);
  print(names.length === 0 ? `No backup lies in ${location}.` : `${names.length} in ${location}, the newest last.`);
  return 0;
}

export function restoreWords({
  backup,
  before,
  generations,
}: Restored & { generations: readonly GenerationOutcome[] }) {
  const of = backup.changedAtMs === null ? '' : `, last changed ${new Date(backup.changedAtMs).toISOString()}`;
  const lines = [`The catalog has ${counted(backup.tracks, 'track')} now, those of the backup${of}.`];
  if (before !== null) lines.push(`What was there before lies in ${before}.`);
  const built = generations.filter(({ kind }) => kind === 'written').length;
  lines.push(
    built === 0 ? 'The index was up to date with it.' : `Generations that were built from it and answer now: ${built}.`,
  );
  lines.push('npm run index brings in what has changed since.');
  return lines;
}

export async function libraryTidy(app: App, signal: AbortSignal): Promise<number> {
  const { answers, heard, clips, tracks, strays } = await app.maintenance.tidy(Date.now());
  print(
    `Forgot ${counted(answers, 'answer')} and what was heard of ${heard === 1 ? '1 query' : `${heard} queries`}, past their time.`,
  );
  print(`Removed the clips of ${counted(clips.count, 'answer')}, ${formatBytes(clips.bytes)}.`);
  const stored = await app.indexing.tidyClips(signal);
  if (stored)
    print(
      `Removed the stored clips of ${counted(stored.removed, 'recording')}${stored.reason ? `: ${stored.reason}` : ''}.`,
    );
  if (strays === null) {
    print('An index run is under way; generations and removed tracks are left for the next time.');
    return 0;
  }
  const given = app.catalog.shrink();
  const back = given > 0 ? `, and gave ${formatBytes(given)} back to the disk` : '';
  print(`Dropped the vectors of ${tracks} removed tracks${back}.`);
  const bytes = strays.reduce((sum, stray) => sum + stray.bytes, 0);
  print(`Removed ${strays.length} generations and unfinished files that nothing names, ${formatBytes(bytes)}.`);
  return 0;
}
