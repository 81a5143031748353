/** Whether the bot's memory stays flat: short queries one after the other, and the slope of its resident memory. */
import type { Person } from '../../local-discord/local-discord.ts';
import { table } from '../table.ts';
import { makeClips, tagged } from './clips.ts';
import { ask } from './queries.ts';
import { type BotBenchOptions, met, openStage, people, roomyQueue } from './stage.ts';

export interface SoakBenchResult {
  readonly answered: number;
  /** Resident memory of the bot process alone, after each query. */
  readonly residentBytes: readonly number[];
}

const clipSec = 10;
const clipCount = 10;
/** Caches and compiled code have settled. */
const warmAfterShare = 0.2;
const growthPerHundredMax = 0.01;

export async function benchSoak(options: BotBenchOptions, queries: number): Promise<SoakBenchResult> {
  const clips = await makeClips(options.files, clipCount, clipSec);
  await using stage = await openStage(options, roomyQueue);
  const [person] = people(stage, 1) as [Person];
  const residentBytes: number[] = [];
  let answered = 0;
  for (let at = 0; at < queries; at++) {
    const { kind } = await ask(stage, person, tagged(clips[at % clipCount] as Buffer, at));
    if (kind === 'answer') answered++;
    residentBytes.push(stage.bot.residentBytes);
    if ((at + 1) % 50 === 0) options.log(`${at + 1} queries: ${mebibytes(residentBytes.at(-1) ?? Number.NaN)}`);
  }
  return { answered, residentBytes };
}

/** Least squares. @returns change of `values` from one to the next */
export function slopeOf(values: readonly number[]): number {
  const centre = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [products, squares] = values.reduce(
    ([product, square], value, at) => [product + (at - centre) * (value - mean), square + (at - centre) ** 2],
    [0, 0],
  );
  return products / squares;
}

export function renderSoakBench({ answered, residentBytes }: SoakBenchResult): string {
  const warm = residentBytes.slice(Math.floor(residentBytes.length * warmAfterShare));
  const first = warm[0] ?? Number.NaN;
  const perHundred = slopeOf(warm) * 100;
  return table(
    [
      'queries, answered',
      `memory of the bot after ${residentBytes.length - warm.length + 1}`,
      'at the end',
      'slope per 100',
      'target',
      'met',
    ],
    [
      [
        `${residentBytes.length}, ${answered}`,
        mebibytes(first),
        mebibytes(warm.at(-1) ?? Number.NaN),
        `${mebibytes(perHundred)}, ${((perHundred / first) * 100).toFixed(1)} %`,
        '< 1 %',
        met(perHundred / first < growthPerHundredMax),
      ],
    ],
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
