/** Two hundred queries of fifty users in the same second: with the default configuration, and with a queue for all queries that
 *  these users may have open. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../local-discord/local-discord.ts';
import { table } from '../table.ts';
import { makeClips, tagged } from './clips.ts';
import { ask, type Ending, endsOf, tellsWhen } from './queries.ts';
import { type BotBenchOptions, machine, met, openStage, people, roomyQueue, type Stage } from './stage.ts';

export interface CrowdFigures {
  readonly answers: number;
  /** Refusals with a retry time. */
  readonly clearRefusals: number;
  readonly otherRefusals: number;
  readonly lost: number;
  /** Interactions with more than one final reply. */
  readonly twice: number;
  readonly wallSec: number;
  /** Resident memory of the bot process alone, after this many queries. */
  readonly residentBytes: readonly number[];
}

export interface CrowdBenchResult {
  readonly byDefault: CrowdFigures;
  readonly withRoom: CrowdFigures;
}

const peopleCount = 50;
const queriesEach = 4;
const serverCount = 2;
const clipSec = 20;
const clipCount = 10;
/** Memory is compared with that after this many queries. */
const warmAfter = 50;
const growthMax = 0.2;
/** Waits this long for late messages. */
const afterwardsMs = 3_000;

export async function benchCrowd(options: BotBenchOptions): Promise<CrowdBenchResult> {
  const clips = await makeClips(options.files, clipCount, clipSec);
  options.log('a crowd, as configured by default');
  const byDefault = await crowd(options, {}, clips);
  options.log('a crowd, with room');
  return { byDefault, withRoom: await crowd(options, roomyQueue, clips) };
}

async function crowd(
  options: BotBenchOptions,
  settings: Readonly<Record<string, string>>,
  clips: readonly Buffer[],
): Promise<CrowdFigures> {
  await using stage = await openStage(options, settings);
  const crowded = crowdOf(stage);
  // Worker and index have started.
  await ask(stage, stage.owner, tagged(clips[0] as Buffer, 0));
  const residentBytes: number[] = [];
  const startedAt = performance.now();
  const asked = Array.from({ length: peopleCount * queriesEach }, async (_, at) => {
    const person = crowded[at % peopleCount] as Person;
    const ending = await ask(stage, person, tagged(clips[at % clipCount] as Buffer, at + 1));
    residentBytes.push(stage.bot.residentBytes);
    return ending;
  });
  const endings = await Promise.all(asked);
  const wallSec = (performance.now() - startedAt) / 1000;
  await sleep(afterwardsMs);
  return { ...figuresOf(endings), wallSec, residentBytes };
}

function crowdOf(stage: Stage): Person[] {
  const guilds = Array.from({ length: serverCount }, (_, at) => {
    const guildId = stage.discord.addGuild({ name: `Server ${at + 1}` });
    stage.discord.addChannel(guildId, { name: 'music' });
    return guildId;
  });
  return guilds.flatMap((guildId) => people(stage, peopleCount / serverCount, guildId));
}

function figuresOf(endings: readonly Ending[]) {
  const refusals = endings.flatMap(({ kind, message }) => (kind === 'refusal' && message ? [message] : []));
  const clearRefusals = refusals.filter(tellsWhen).length;
  return {
    answers: endings.filter(({ kind }) => kind === 'answer').length,
    clearRefusals,
    otherRefusals: refusals.length - clearRefusals,
    lost: endings.filter(({ kind }) => kind === 'lost').length,
    twice: endings.filter(({ interaction }) => endsOf(interaction).length > 1).length,
  };
}

export function renderCrowdBench({ byDefault, withRoom }: CrowdBenchResult): string {
  const row = (name: string, f: CrowdFigures): string[] => [
    name,
    String(f.answers),
    String(f.clearRefusals),
    String(f.otherRefusals),
    String(f.lost),
    String(f.twice),
    `${f.wallSec.toFixed(0)} s`,
    met(f.otherRefusals + f.lost + f.twice === 0),
  ];
  const count = peopleCount * queriesEach;
  const head = [`${count} queries of ${peopleCount} people at once, ${machine}`, 'answered', 'refused with a time'];
  const warm = withRoom.residentBytes[warmAfter - 1] ?? Number.NaN;
  const most = Math.max(...withRoom.residentBytes.slice(warmAfter - 1));
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const growth = most / warm - 1;
  return [
    table(
      [...head, 'refused otherwise', 'lost', 'answered twice', 'all ended after', 'every one ended right'],
      [row('as configured by default', byDefault), row('with room for all that a person may have open', withRoom)],
    ),
    table(
      ['memory of the bot, with room', `after ${warmAfter}`, 'most afterwards', 'growth', 'target', 'met'],
      [
        [
          'resident',
          mebibytes(warm),
          mebibytes(most),
          `${(growth * 100).toFixed(0)} %`,
          '< 20 %',
          met(growth < growthMax),
        ],
      ],
    ),
  ].join('\n');
}
