/** `npm run index -- DIR --dry-run`: prints the plan of an index run without running it. */

import { counted, formatBytes, formatDuration, oneLine } from '../format.ts';
import type { DetailedPlan, PlannedFile } from '../indexing/plan.ts';
import type { Library } from '../library/library.ts';
import type { Services } from '../services/services.ts';

export interface DryRunOptions {
  readonly retryFailed?: true;
  readonly allowEmpty?: true;
  readonly replaceLibrary?: true;
  /** Prints the plan as one object. */
  readonly json?: true;
}

/** Most names shown per kind; --json prints all. */
const namesShownMax = 5;
const keyLengthMax = 200;

export async function dryRun(
  { indexing }: Pick<Services, 'indexing'>,
  library: Library,
  { json, ...options }: DryRunOptions,
  signal: AbortSignal,
): Promise<number> {
  const plan = await indexing.plan({ ...options, library, signal });
  process.stdout.write(`${json ? JSON.stringify(plan) : planText(plan)}\n`);
  return 0;
}

/** @returns text for the terminal, without a trailing line break */
export function planText(plan: DetailedPlan): string {
  const { listed, unchanged, failedBefore } = plan.files;
  const rest = failedBefore > 0 ? `, ${failedBefore} failed before and not due again` : '';
  const moved = plan.moved.map(({ from, to, sizeBytes }) => ({ key: `${from} -> ${to}`, sizeBytes }));
  return [
    `${counted(listed, 'recording')} listed, ${unchanged} unchanged${rest}.`,
    ...linesOf('added', plan.added),
    ...linesOf('changed', plan.changed),
    ...linesOf('tried again', plan.retried),
    ...linesOf('moved', moved),
    ...linesOf('removed', plan.removed),
    ...linesOf(
      'unreadable',
      plan.problems.map(({ key, message }) => ({ key: `${key}: ${message}`, sizeBytes: null })),
    ),
    workLine(plan),
    ...(plan.clips ? [`Clips to store: about ${plan.clips.files}, ${formatBytes(plan.clips.bytes)}.`] : []),
    'Nothing was written.',
  ].join('\n');
}

function linesOf(
  noun: string,
  files: readonly { key: string; sizeBytes: PlannedFile['sizeBytes'] | null }[],
): string[] {
  if (files.length === 0) return [];
  const bytes = files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const shown = files.slice(0, namesShownMax).map(({ key }) => `    ${oneLine(key, keyLengthMax)}`);
  const more = files.length > shown.length ? [`    ... and ${files.length - shown.length} more`] : [];
  return [`  ${files.length} ${noun}${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}:`, ...shown, ...more];
}

/** An upper limit: files whose content is known already are not embedded, but only reading them shows that. */
function workLine({ files, bytes, expected }: DetailedPlan): string {
  const count = files.added + files.changed + files.retried + files.again;
  if (count === 0) return 'Nothing to embed.';
  const time =
    expected === null
      ? 'no earlier run to estimate the time from'
      : `about ${formatDuration(expected.audioSec)} of audio, about ${formatDuration(expected.wallSec)} judging by earlier runs`;
  return `${count} to embed, ${formatBytes(bytes)}: ${time}.`;
}
