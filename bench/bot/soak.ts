/** Whether the bot's memory stays flat: short queries one after the other, and the slope of its resident memory, its heap and its
 *  memory outside the heap, which tells growth of objects from growth of buffers and of the allocator's free pages. */
import type { Person } from '../../local-discord/local-discord.ts';
import { table } from '../table.ts';
import { makeClips, tagged } from './clips.ts';
import type { BotProcess } from './process.ts';
import { ask } from './queries.ts';
import { type BotBenchOptions, met, openStage, people, roomyQueue } from './stage.ts';

export interface SoakBenchResult {
  readonly queries: number;
  readonly answered: number;
  /** Of the bot process alone, after every `sampleEvery` queries. */
  readonly samples: readonly MemorySample[];
}

type MemorySample = Readonly<Record<keyof typeof memories, number>>;

/** What is sampled -> the metric of the bot, in bytes. */
const memories = {
  resident: 'process_resident_memory_bytes',
  heap: 'nodejs_heap_size_used_bytes',
  external: 'nodejs_external_memory_bytes',
} as const;

const clipSec = 10;
const clipCount = 10;
const sampleEvery = 5;
/** Caches and compiled code have settled. */
const warmAfterShare = 0.2;
const growthPerHundredMax = 0.01;

export async function benchSoak(options: BotBenchOptions, queries: number): Promise<SoakBenchResult> {
  const clips = await makeClips(options.files, clipCount, clipSec);
  await using stage = await openStage(options, roomyQueue);
  const [person] = people(stage, 1) as [Person];
  const samples: MemorySample[] = [];
  let answered = 0;
  for (let at = 0; at < queries; at++) {
    const { kind } = await ask(stage, person, tagged(clips[at % clipCount] as Buffer, at));
    if (kind === 'answer') answered++;
    if ((at + 1) % sampleEvery === 0) samples.push(await memoryOf(stage.bot));
    if ((at + 1) % 50 === 0) options.log(`${at + 1} queries: ${describe(samples.at(-1))}`);
  }
  return { queries, answered, samples };
}

async function memoryOf(bot: BotProcess): Promise<MemorySample> {
  const metrics = await bot.metrics();
  const read = (name: string): number => metrics.get(name) ?? Number.NaN;
  return { resident: read(memories.resident), heap: read(memories.heap), external: read(memories.external) };
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

export function renderSoakBench({ queries, answered, samples }: SoakBenchResult): string {
  const warm = samples.slice(Math.floor(samples.length * warmAfterShare));
  const rows = (Object.keys(memories) as (keyof MemorySample)[]).map((kind) => {
    const values = warm.map((sample) => sample[kind]);
    const first = values[0] ?? Number.NaN;
    const perHundred = (slopeOf(values) / sampleEvery) * 100;
    const target = kind === 'resident' ? ['< 1 %', met(perHundred / first < growthPerHundredMax)] : ['', ''];
    return [
      kind,
      mebibytes(first),
      mebibytes(values.at(-1) ?? Number.NaN),
      `${mebibytes(perHundred)}, ${((perHundred / first) * 100).toFixed(1)} %`,
      ...target,
    ];
  });
  const from = (samples.length - warm.length + 1) * sampleEvery;
  const head = ['memory of the bot', `after ${from}`, 'at the end', 'slope per 100 queries', 'target', 'met'];
  return `${queries} queries, ${answered} answered.\n\n${table(head, rows)}`;
}

function describe(sample: MemorySample | undefined): string {
  return Object.entries(sample ?? {})
    .map(([kind, bytes]) => `${kind} ${mebibytes(bytes)}`)
    .join(', ');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
