/** "This is": how often a damaged excerpt's own recording is proved, and how often another one is wrongly proved. */
import { isSameRecording } from '../../src/fingerprint/match.ts';
import { table } from '../table.ts';
import { excerptSecs, type FingerprintTrial, fingerprintTrials } from './fingerprint.ts';
import type { BenchContext } from './retrieval.ts';

export async function recordingsReport({ options }: BenchContext): Promise<string> {
  const trials = await fingerprintTrials(options);
  const lengths = [...new Set<number>([...excerptSecs, ...trials.map(({ lengthSec }) => lengthSec)])];
  const byLength = lengths.map((lengthSec) => {
    const of = (kind: FingerprintTrial['kind']) =>
      trials.filter((trial) => trial.kind === kind && trial.lengthSec === lengthSec);
    return [
      `${lengthSec} s`,
      ...ownCells(of('own')),
      accepted(of('foreign')),
      accepted(of('same-piece')),
      accepted(of('other-piece')),
    ];
  });
  const head = [
    'excerpt',
    'own, proved',
    'bit errors: median, worst',
    'offset off > 1 s',
    'foreign',
    'same piece',
    'other piece',
  ];
  const own = trials.filter(({ kind }) => kind === 'own');
  const byDamage = [...Map.groupBy(own, ({ damage }) => damage)].map(([damage, some]) => [damage, ...ownCells(some)]);
  return [
    '# recordings: excerpts laid over their own recording and over others; "proved" means told "this is"',
    table(head, byLength),
    table(['damage', 'own, proved', 'bit errors: median, worst', 'offset off > 1 s'], byDamage),
    ...trials.filter((trial) => isTaken(trial) && trial.kind !== 'own').map(describe),
    ...own
      .filter((trial) => !isTaken(trial))
      .map((trial) => `- not proved: ${trial.lengthSec} s, ${trial.damage}, ${trial.source}`),
  ].join('\n');
}

function isTaken({ match }: FingerprintTrial): boolean {
  return match !== null && isSameRecording(match);
}

function accepted(trials: readonly FingerprintTrial[]): string {
  return `${trials.filter(isTaken).length} of ${trials.length}`;
}

function ownCells(trials: readonly FingerprintTrial[]): string[] {
  const proved = trials.flatMap((trial) => (trial.match && isTaken(trial) ? [{ ...trial, match: trial.match }] : []));
  const errors = proved.map(({ match }) => match.bitErrorRate).sort((a, b) => a - b);
  const rate = (at: number | undefined): string => (at === undefined ? '-' : at.toFixed(3));
  const off = proved.filter(({ match, trueOffsetSec }) => Math.abs(match.offsetSec - trueOffsetSec) > 1);
  const median = errors[Math.floor(errors.length / 2)];
  return [accepted(trials), `${rate(median)}, ${rate(errors.at(-1))}`, `${off.length} of ${proved.length}`];
}

function describe({ kind, lengthSec, source, against, match }: FingerprintTrial): string {
  return `- taken for another (${kind}): ${lengthSec} s of ${source} for ${against}, bit errors ${match?.bitErrorRate.toFixed(3)}`;
}
