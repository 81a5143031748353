/** `npm run library -- export FILE` and `import FILE` */

import type { FormatName } from '../exchange/formats.ts';
import { counted, formatBytes } from '../format.ts';
import type { Services } from '../services/services.ts';
import { countProgress } from './count-progress.ts';
import { generationWords } from './index-command.ts';

export interface ExportCommandOptions {
  readonly format?: FormatName;
  readonly replace?: true;
}

export interface ImportCommandOptions extends ExportCommandOptions {
  readonly assumeModel?: true;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export async function exportCommand(
  { maintenance }: Pick<Services, 'maintenance'>,
  file: string,
  { replace, ...options }: ExportCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const bar = countProgress('chunks');
  try {
    const { chunks, tracks, bytes } = await maintenance.exportIndex({
      ...options,
      file,
      replace: replace === true,
      signal,
      onProgress: bar.update,
    });
    bar.stop();
    print(
      `${counted(chunks, 'chunk')} of ${counted(tracks, 'track')} ${chunks === 1 ? 'is' : 'are'} in ${file}, ${formatBytes(bytes)}.`,
    );
    return 0;
  } finally {
    bar.stop();
  }
}

export async function importCommand(
  { maintenance, worker }: Pick<Services, 'maintenance' | 'worker'>,
  file: string,
  { assumeModel, replace, ...options }: ImportCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const bar = countProgress('tracks');
  try {
    const flags = { assumeModel: assumeModel === true, replace: replace === true };
    const request = { ...options, ...flags, file, signal, onProgress: bar.update };
    const summary = await maintenance.importIndex(request);
    bar.stop();
    for (const line of importWords(summary, await worker.spaceId())) print(line);
    return 0;
  } finally {
    bar.stop();
  }
}

function importWords(
  {
    tracks,
    chunks,
    spaceId,
    guessedTimes,
    normalised,
    generation,
  }: Awaited<ReturnType<Services['maintenance']['importIndex']>>,
  configured: string,
): string[] {
  const lines = [
    `${counted(chunks, 'chunk')} read: ${counted(tracks.imported, 'track')} imported, ${tracks.unchanged} unchanged.`,
  ];
  if (tracks.kept > 0)
    lines.push(
      `${counted(tracks.kept, 'track')} not imported: the index has other vectors than the file; --replace takes those of the file.`,
    );
  if (tracks.keptOut > 0)
    lines.push(`${counted(tracks.keptOut, 'track')} not imported: removed on request; --replace brings them back.`);
  if (guessedTimes > 0) lines.push(`${counted(guessedTimes, 'chunk')} without times: computed from the chunk numbers.`);
  if (normalised > 0) lines.push(`${normalised} vectors were normalised to length 1.`);
  lines.push(generationWords(generation));
  if (spaceId !== configured)
    lines.push(`They belong to the space ${spaceId}. To search it, set the EMBEDDING_MODEL of that space.`);
  return lines;
}
