/** `npm run library -- verify|backup|backups|restore|tidy` */
import path from 'node:path';
import { counted, formatBytes, formatDuration, oneLine } from '../format.ts';
import type { GenerationOutcome } from '../indexing/update-generation.ts';
import type { Restored } from '../maintenance/restore.ts';
import type { Remedy } from '../maintenance/verify.ts';
import type { Services } from '../services/services.ts';
import { countProgress } from './count-progress.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const remedyWords: Readonly<Record<Remedy, string>> = {
  mended: 'fixed',
  'next-run': 'npm run index checks it',
  yours: 'fix it by hand',
};

export async function libraryVerify(
  { catalog, maintenance }: Pick<Services, 'catalog' | 'maintenance'>,
  options: { readonly deep?: true },
  signal: AbortSignal,
): Promise<number> {
  const deep = options.deep === true;
  const bar = countProgress('recordings');
  try {
    const findings = await maintenance.verify({ deep, signal, onProgress: bar.update });
    bar.stop();
    for (const { where, what, remedy } of findings) print(`${where}: ${oneLine(what, 400)} (${remedyWords[remedy]})`);
    if (findings.length === 0) print(deep ? 'No problems found in any vector or recording.' : 'No problems found.');
    const damaged = findings.some(({ where, remedy }) => where === 'catalog' && remedy === 'yours');
    if (damaged) {
      print(`The catalog ${catalog.path} is damaged: npm run library -- restore BACKUP, or delete it and index again.`);
    }
    return findings.some(({ remedy }) => remedy === 'yours') ? 1 : 0;
  } finally {
    bar.stop();
  }
}

export async function libraryBackup(
  { maintenance }: Pick<Services, 'maintenance'>,
  place: string | undefined,
  keep: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = performance.now();
  // Users type a plain folder. Other places have the form of LIBRARY.
  const to = place === undefined || /^(file|azure):/.test(place) ? place : `file:${path.resolve(place)}`;
  const backup = await maintenance.backUp({ to, keep, signal });
  const took = formatDuration((performance.now() - startedMs) / 1000);
  print(
    `Backed up ${counted(backup.tracks, 'track')} to ${backup.location}, ${formatBytes(backup.bytes)}, in ${took}.`,
  );
  for (const name of backup.removed) print(`Removed an older backup: ${name}`);
  return 0;
}

export async function libraryBackups(
  { maintenance }: Pick<Services, 'maintenance'>,
  signal: AbortSignal,
): Promise<number> {
  const { location, stored } = await maintenance.backups(signal);
  for (const { name } of stored) print(name);
  print(
    stored.length === 0
      ? `No backups in ${location}.`
      : `${counted(stored.length, 'backup')} in ${location}, newest last.`,
  );
  return 0;
}

export function restoreWords({
  backup,
  before,
  generations,
}: Restored & { generations: readonly GenerationOutcome[] }) {
  const of = backup.changedAtMs === null ? '' : `, last changed ${new Date(backup.changedAtMs).toISOString()}`;
  const lines = [`The catalog has ${counted(backup.tracks, 'track')} now, as in the backup${of}.`];
  if (before !== null) lines.push(`The previous catalog is in ${before}.`);
  const built = generations.filter(({ kind }) => kind === 'written').length;
  lines.push(built === 0 ? 'The index was up to date already.' : `Generations built from it and now in use: ${built}.`);
  lines.push('npm run index adds the changes since the backup.');
  return lines;
}

export async function libraryTidy(
  { catalog, indexing, maintenance }: Pick<Services, 'catalog' | 'indexing' | 'maintenance'>,
  signal: AbortSignal,
): Promise<number> {
  const { answers, queryEmbeddings, userIds, clips, tracks, strays } = await maintenance.tidy(Date.now());
  print(`Deleted ${counted(answers, 'expired answer')} and ${counted(queryEmbeddings, 'expired query embedding')}.`);
  print(`Removed the user ids of ${counted(userIds, 'expired user id')}.`);
  print(`Removed the clips of ${counted(clips.count, 'answer')}, ${formatBytes(clips.bytes)}.`);
  const stored = await indexing.tidyClips(signal);
  if (stored)
    print(
      `Removed the stored clips of ${counted(stored.removed, 'recording')}${stored.reason ? `: ${stored.reason}` : ''}.`,
    );
  if (strays === null) {
    print('An index run is in progress; generations and removed tracks are left for the next time.');
    return 0;
  }
  const freedBytes = catalog.shrink();
  const freed = freedBytes > 0 ? `, which freed ${formatBytes(freedBytes)}` : '';
  print(`Deleted the vectors of ${counted(tracks, 'removed track')}${freed}.`);
  const bytes = strays.reduce((sum, stray) => sum + stray.bytes, 0);
  print(`Removed unused generations and unfinished files: ${strays.length}, ${formatBytes(bytes)}.`);
  return 0;
}
