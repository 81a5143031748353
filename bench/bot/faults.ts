/** A Discord that answers one call in ten with 500 and one in twenty with 429. Every query must still end correctly and once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../local-discord/local-discord.ts';
import { table } from '../table.ts';
import { makeClips, tagged } from './clips.ts';
import { ask, endsOf } from './queries.ts';
import { type BotBenchOptions, met, openStage, people, roomyQueue } from './stage.ts';

export interface FaultBenchResult {
  readonly queries: number;
  readonly answers: number;
  readonly refusals: number;
  readonly lost: number;
  /** The distinct sentences of refusals. */
  readonly reasons: readonly string[];
  /** Final replies beyond the first of an interaction, and messages in the channel that belong to none. */
  readonly duplicates: number;
  readonly calls: number;
  readonly status500: number;
  readonly status429: number;
}

const rates = { status500: 0.1, status429: 0.05 };
const peopleCount = 20;
const queriesEach = 4;
const clipSec = 20;
const clipCount = 10;
const afterwardsMs = 3_000;

export async function benchFaults(options: BotBenchOptions): Promise<FaultBenchResult> {
  const clips = await makeClips(options.files, clipCount, clipSec);
  await using stage = await openStage(options, roomyQueue);
  const { discord } = stage;
  await ask(stage, stage.owner, tagged(clips[0] as Buffer, 0));
  const before = { calls: discord.log.length, messages: discord.messages(discord.defaultChannelId).length };
  discord.faults.rates = rates;
  options.log('queries while Discord fails');
  const asked = people(stage, peopleCount).map(async (person: Person, nth) => {
    const endings = [];
    for (let at = 0; at < queriesEach; at++) {
      const number = nth * queriesEach + at + 1;
      endings.push(await ask(stage, person, tagged(clips[number % clipCount] as Buffer, number)));
    }
    return endings;
  });
  const endings = (await Promise.all(asked)).flat();
  await sleep(afterwardsMs);
  discord.faults.clear();
  const count = (wanted: string) => endings.filter(({ kind }) => kind === wanted).length;
  const refused = endings.filter(({ kind }) => kind === 'refusal');
  const ends = endings.reduce((sum, { interaction }) => sum + endsOf(interaction).length, 0);
  // Refusals are private, so all messages in the channel must be answers.
  const public_ = discord.messages(discord.defaultChannelId).length - before.messages;
  return {
    queries: endings.length,
    answers: count('answer'),
    refusals: count('refusal'),
    lost: count('lost'),
    reasons: [...new Set(refused.map(({ message }) => message?.content.split('\n')[0] ?? ''))],
    duplicates: Math.max(0, ends - (endings.length - count('lost'))) + Math.max(0, public_ - count('answer')),
    calls: discord.log.length - before.calls,
    status500: discord.faults.counts.status500,
    status429: discord.faults.counts.status429,
  };
}

export function renderFaultBench(result: FaultBenchResult): string {
  const { queries, answers, refusals, lost, reasons, duplicates, calls, status500, status429 } = result;
  const head = [
    'queries',
    'answered',
    'refused',
    'lost',
    'duplicates or debris',
    'calls',
    '500',
    '429',
    'target',
    'met',
  ];
  const row = [queries, answers, refusals, lost, duplicates, calls, status500, status429].map(String);
  const told = reasons.map((reason) => `Refused with: ${reason}\n`).join('');
  return table(head, [[...row, 'all answered, none twice', met(answers === queries && duplicates === 0)]]) + told;
}
