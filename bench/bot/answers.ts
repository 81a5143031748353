/** Measures how long a user waits: a 5-minute mp3 over the sample library, on an idle machine. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../local-discord/local-discord.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { makeClip, tagged } from './clips.ts';
import { ask, type Ending } from './queries.ts';
import { type BotBenchOptions, machine, met, openStage, people, roomyQueue, type Stage, seconds } from './stage.ts';

export interface AnswerBenchResult {
  readonly endings: readonly Ending[];
  readonly clipBytes: number;
  /** For each answer, seconds of processor time until it is there, by kind of process. */
  readonly cpuSecOfKinds: readonly ReadonlyMap<string, number>[];
}

const queryMinutes = 5;
const rounds = 7;
const answerWithin = { medianMs: 800, mostMs: 2_000 };
const progressWithin = { medianMs: 500, mostMs: 1_500 };

export async function benchAnswers(options: BotBenchOptions): Promise<AnswerBenchResult> {
  await using stage = await openStage(options, roomyQueue);
  const [person] = people(stage, 1) as [Person];
  const clip = await makeClip(options.files, queryMinutes * 60, 0);
  // The first query waits for worker and index to start.
  await ask(stage, person, tagged(clip, 0));
  const endings: Ending[] = [];
  const cpuSecOfKinds: ReadonlyMap<string, number>[] = [];
  for (let round = 1; round <= rounds; round++) {
    await untilIdle(stage);
    const before = stage.bot.cpuSecOfKinds;
    endings.push(await ask(stage, person, tagged(clip, round)));
    const after = stage.bot.cpuSecOfKinds;
    cpuSecOfKinds.push(new Map([...after].map(([kind, sec]) => [kind, sec - (before.get(kind) ?? 0)])));
    options.log(`answer ${round}: ${seconds(endings.at(-1)?.tookMs ?? Number.NaN)}`);
  }
  return { endings, clipBytes: clip.length, cpuSecOfKinds };
}

/** After its answer, a query still stores the extracts for its buttons. */
async function untilIdle({ bot }: Stage): Promise<void> {
  const open = async () => (await bot.metrics()).get('bot_queries{state="running"}');
  while ((await open()) !== 0) await sleep(100);
}

export function renderAnswerBench({ endings, clipBytes, cpuSecOfKinds }: AnswerBenchResult): string {
  const row = (name: string, ms: readonly number[], within: typeof answerWithin): string[] => [
    name,
    seconds(median(ms)),
    seconds(Math.max(...ms)),
    `${seconds(within.medianMs)}, ${seconds(within.mostMs)}`,
    met(median(ms) <= within.medianMs && Math.max(...ms) <= within.mostMs),
  ];
  const attached = endings.map(({ message }) => message?.attachments.map(({ filename }) => filename) ?? []);
  const clips = attached.map((names) => names.filter((name) => name.endsWith('.mp3')).length);
  return [
    table(
      [
        `a ${queryMinutes}-minute mp3 of ${(clipBytes / 1e6).toFixed(1)} MB, ${machine}`,
        'median',
        'most',
        'targets',
        'met',
      ],
      [
        row(
          'first progress',
          endings.map(({ progressMs, tookMs }) => progressMs ?? tookMs),
          progressWithin,
        ),
        row(
          'full answer',
          endings.map(({ tookMs }) => tookMs),
          answerWithin,
        ),
      ],
    ),
    cpuTable(cpuSecOfKinds),
    `${endings.length} asked, ${endings.filter(({ kind }) => kind === 'answer').length} answered, ` +
      `${Math.min(...clips)} clips attached at least.\n`,
  ].join('\n');
}

function cpuTable(cpuSecOfKinds: readonly ReadonlyMap<string, number>[]): string {
  const kinds = [...new Set(cpuSecOfKinds.flatMap((each) => [...each.keys()]))];
  const medianOf = (of: (each: ReadonlyMap<string, number>) => number): number => median(cpuSecOfKinds.map(of));
  const rows = kinds
    .map((kind) => ({ kind, sec: medianOf((each) => each.get(kind) ?? 0) }))
    .filter(({ sec }) => sec >= 0.01)
    .sort((a, b) => b.sec - a.sec);
  const all = medianOf((each) => each.values().reduce((sum, sec) => sum + sec, 0));
  return table(
    ['processor time of an answer', 'median'],
    [
      ...rows.map(({ kind, sec }) => [kind, seconds(sec * 1000)]),
      ['together', seconds(all * 1000)],
      ['the least time that these cores need for it', seconds((all * 1000) / availableParallelism())],
    ],
  );
}
