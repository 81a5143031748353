/** `npm run library -- export FILE` and `import FILE` */
import type { App } from '../app.ts';
import type { FormatName } from '../exchange/formats.ts';
import { counted, formatBytes } from '../format.ts';
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
  app: App,
  file: string,
  { replace, ...options }: ExportCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const bar = countProgress('chunks');
  try {
    const { chunks, tracks, bytes } = await app.maintenance.exportIndex({
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
  app: App,
  file: string,
  { assumeModel, replace, ...options }: ImportCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const bar = countProgress('tracks');
  try {
    const flags = { assumeModel: assumeModel === true, replace: replace === true };
    const request = { ...options, ...flags, file, signal, onProgress: bar.update };
    const summary = await app.maintenance.importIndex(request);
    bar.stop();
    for (const line of importWords(summary, await app.worker.spaceId())) print(line);
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
  }: Awaited<ReturnType<App['maintenance']['importIndex']>>,
  configured: string,
): string[] {
  const lines = [
    `${counted(chunks, 'chunk')} read: ${counted(tracks.imported, 'track')} imported, ${tracks.unchanged} there already.`,
  ];
  if (tracks.kept > 0)
    lines.push(
      `${counted(tracks.kept, 'track')} kept: other vectors are here than in the file; --replace takes those of the file.`,
    );
  if (tracks.keptOut > 0)
    lines.push(`${counted(tracks.keptOut, 'track')} removed on request, and kept out; --replace brings them back.`);
  if (guessedTimes > 0) lines.push(`${counted(guessedTimes, 'chunk')} came without times: counted from their numbers.`);
  if (normalised > 0) lines.push(`${normalised} vectors were brought to length 1.`);
  lines.push(generationWords(generation));
  if (spaceId !== configured)
    lines.push(`They are of the space ${spaceId}: another EMBEDDING_MODEL than the one that is set searches it.`);
  return lines;
}
