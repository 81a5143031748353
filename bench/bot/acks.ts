/** Measures the delay of acknowledgements: idle, and during a full reindex with ten queries on the same cores.
 *
 *  Measured at Discord's side, from sending INTERACTION_CREATE to the arrival of the callback.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Interaction, Person } from '../../local-discord/local-discord.ts';
import { quantile } from '../statistics.ts';
import { table } from '../table.ts';
import { makeClip, tagged } from './clips.ts';
import { ask } from './queries.ts';
import {
  type BotBenchOptions,
  machine,
  met,
  milliseconds,
  openStage,
  people,
  roomyQueue,
  type Stage,
} from './stage.ts';

export interface AckFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly count: number;
  /** Interactions without an acknowledgement within 3 s. */
  readonly missed: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

export interface AckBenchResult {
  readonly idle: AckFigures;
  readonly busy: AckFigures;
  readonly busySec: number;
  readonly queriesAnswered: number;
}

const queriesAtOnce = 10;
const queryMinutes = 5;
const idleCount = 1_000;
const everyMs = 20;
/** Duration of a full reindex when nothing else runs; with queries it takes longer. */
const busyMaxMs = 90_000;

export async function benchAcks(options: BotBenchOptions): Promise<AckBenchResult> {
  const settings = { ...roomyQueue, QUERIES_AT_ONCE: String(queriesAtOnce) };
  await using stage = await openStage(options, settings);
  const [caller, ...askers] = people(stage, queriesAtOnce + 1) as [Person, ...Person[]];
  const clip = await makeClip(options.files, queryMinutes * 60, 0);
  // Warm-up: starts the worker and the index.
  await ask(stage, caller, tagged(clip, 0));

  options.log('acknowledgements, idle');
  let calls = 0;
  const idle = await measure(stage, caller, [], () => ++calls > idleCount);

  options.log('acknowledgements, while indexing everything and answering ten queries');
  await startReindex(stage);
  const over = new AbortController();
  const sent: Interaction[] = [];
  let queriesAnswered = 0;
  let number = 1;
  const asking = askers.map(async (asker) => {
    while (!over.signal.aborted) {
      const { kind, interaction } = await ask(stage, asker, tagged(clip, number++), (each) => sent.push(each));
      if (kind === 'answer') queriesAnswered++;
      else if (!over.signal.aborted) throw new Error(`Cannot measure: query ${interaction.id} was not answered`);
    }
  });
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt > busyMaxMs || !isReindexing(stage);
  const busy = await measure(stage, caller, sent, isOver);
  const busySec = (performance.now() - startedAt) / 1000;
  over.abort();
  await Promise.all(asking);
  return { idle, busy, busySec, queriesAnswered };
}

/** Sends small interactions repeatedly, like users who explore.
 *  @param sent further interactions, whose acknowledgements are also counted
 *  @param isOver checked before each */
async function measure(
  { bot }: Stage,
  caller: Person,
  sent: readonly Interaction[],
  isOver: () => boolean,
): Promise<AckFigures> {
  await bot.loopDelay();
  const small: Interaction[] = [];
  while (!isOver()) {
    small.push(await caller.slash('about'));
    await sleep(everyMs);
  }
  const { p99Ms: loopDelayP99Ms, maxMs: loopDelayMaxMs } = await bot.loopDelay();
  const all = await Promise.all([...small, ...sent].map(acknowledgementMs));
  const measured = all.filter((ms) => ms !== null);
  return {
    p50Ms: quantile(measured, 0.5),
    p99Ms: quantile(measured, 0.99),
    maxMs: quantile(measured, 1),
    count: all.length,
    missed: all.length - measured.length,
    loopDelayP99Ms,
    loopDelayMaxMs,
  };
}

async function acknowledgementMs({ sentAtMs, ackedAtMs }: Interaction): Promise<number | null> {
  return ackedAtMs.then(
    (at) => at - sentAtMs,
    () => null,
  );
}

/** Resolves when it has started. */
async function startReindex({ discord, owner }: Stage): Promise<void> {
  const asked = await owner.slash('library', { mode: 'everything' }, { subcommand: 'reindex' });
  const plan = await asked.until(({ components = [] }) => components.length > 0, 30_000);
  await owner.press(plan, 'lm1:library-reindex:everything');
  const deadline = performance.now() + 60_000;
  while (messagesOfItsOwn(discord) === 0) {
    if (performance.now() > deadline) throw new Error('Cannot measure: the reindex did not begin');
    await sleep(50);
  }
}

/** A reindex posts to its channel at its start and at its end. */
function isReindexing({ discord }: Stage): boolean {
  return messagesOfItsOwn(discord) < 2;
}

function messagesOfItsOwn({ log }: Stage['discord']): number {
  return log.filter(({ method, path }) => method === 'POST' && /^\/channels\/\d+\/messages$/.test(path)).length;
}

export function renderAckBench({ idle, busy, busySec, queriesAnswered }: AckBenchResult): string {
  const row = (name: string, f: AckFigures, targetMs: number): string[] => [
    name,
    milliseconds(f.p50Ms),
    milliseconds(f.p99Ms),
    milliseconds(f.maxMs),
    String(f.count),
    `p99 < ${targetMs} ms, none missed`,
    met(f.p99Ms < targetMs && f.missed === 0),
  ];
  const loop = (name: string, f: AckFigures): string[] => [
    name,
    milliseconds(f.loopDelayP99Ms),
    milliseconds(f.loopDelayMaxMs),
    'p99 < 50 ms',
    met(f.loopDelayP99Ms < 50),
  ];
  const load = `indexing everything and ${queriesAtOnce} queries at once`;
  return [
    table(
      [`acknowledgement, ${machine}`, 'p50', 'p99', 'most', 'measured', 'target', 'met'],
      [row('idle', idle, 100), row(load, busy, 150)],
    ),
    table(['event loop of the bot, late by', 'p99', 'most', 'target', 'met'], [loop('idle', idle), loop(load, busy)]),
    `Under load for ${busySec.toFixed(0)} s; ${queriesAnswered} queries of ${queryMinutes} minutes answered meanwhile.\n`,
  ].join('\n');
}
