/** `npm run index -- DIR --dry-run`: what would be done, and nothing of it. */
import type { App } from '../app.ts';
import { counted, formatBytes, formatDuration, oneLine } from '../format.ts';
import type { DetailedPlan, PlannedFile } from '../indexing/plan.ts';
import type { Library } from '../library/library.ts';

export interface DryRunOptions {
  readonly retryFailed?: true;
  readonly allowEmpty?: true;
  readonly replaceLibrary?: true;
  /** Prints the plan as one object. */
  readonly json?: true;
}

/** Names shown of each kind; --json prints all. */
const namesShownMax = 5;
const keyLengthMax = 200;

export async function dryRun(
  app: App,
  library: Library,
  { json, ...options }: DryRunOptions,
  signal: AbortSignal,
): Promise<number> {
  const plan = await app.indexing.plan({ ...options, library, signal });
  process.stdout.write(`${json ? JSON.stringify(plan) : planText(plan)}\n`);
  return 0;
}

/** @returns lines for people, without a line break at the end */
export function planText(plan: DetailedPlan): string {
  const { listed, unchanged, failedBefore } = plan.files;
  const rest = failedBefore > 0 ? `, ${failedBefore} failed before and not tried again yet` : '';
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
  what: string,
  files: readonly { key: string; sizeBytes: PlannedFile['sizeBytes'] | null }[],
): string[] {
  if (files.length === 0) return [];
  const bytes = files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const shown = files.slice(0, namesShownMax).map(({ key }) => `    ${oneLine(key, keyLengthMax)}`);
  const more = files.length > shown.length ? [`    ... and ${files.length - shown.length} more`] : [];
  return [`  ${files.length} ${what}${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}:`, ...shown, ...more];
}

/** Files that turn out to hold bytes that are known are not embedded; that shows only when they are read. */
function workLine({ files, bytes, expected }: DetailedPlan): string {
  const count = files.added + files.changed + files.retried + files.again;
  if (count === 0) return 'Nothing to embed.';
  const time =
    expected === null
      ? 'no earlier run tells how long it takes'
      : `about ${formatDuration(expected.audioSec)} of audio and ${formatDuration(expected.wallSec)} by what earlier runs took`;
  return `${count} to embed, ${formatBytes(bytes)}: ${time}.`;
}
