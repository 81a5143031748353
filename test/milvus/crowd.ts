/** People who ask the bot all the time, at a bounded rate, until they have their answers. */

import { setTimeout as delay } from 'node:timers/promises';
import type { APIMessage } from 'discord-api-types/v10';
import { MessageFlags } from 'discord-api-types/v10';
import type { FileToUpload, Interaction, Person } from '../../local-discord/local-discord.ts';

export interface Member {
  readonly person: Person;
  readonly channelId: string;
  readonly shard: number;
}

/** One question, asked again until it is answered. */
export interface Question {
  readonly shard: number;
  readonly askedAtMs: number;
  answeredAtMs: number | null;
  readonly interactions: Interaction[];
}

export interface CrowdOptions {
  readonly members: readonly Member[];
  readonly perSecond: number;
  /** The options of the n-th question. */
  readonly questionOf: (n: number) => Readonly<Record<string, string | number | FileToUpload>>;
}

/** An interaction's token lives for 15 minutes. A query that nothing has ended shortly before is lost. */
const endWithinMs = 14 * 60_000;
const lookMs = 50;
/** As people do after a refusal. */
const againAfterMs = 1_000;

export class Crowd {
  readonly questions: Question[] = [];
  /** Interactions that nothing ended. */
  readonly lost: Interaction[] = [];
  /** How interactions ended. */
  readonly ends = new Map<string, number>();
  readonly #options: CrowdOptions;
  readonly #idle: Member[];

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#idle = [...options.members];
  }

  /** Asks until the signal aborts, then waits for the answers. Nobody asks two questions at once. */
  async run(signal: AbortSignal): Promise<void> {
    const { perSecond } = this.#options;
    const asking: Promise<void>[] = [];
    for (let n = 0; !signal.aborted; ) {
      const member = this.#idle.shift();
      if (member) asking.push(this.#ask(member, n++).finally(() => this.#idle.push(member)));
      await delay(1000 / perSecond, undefined, { signal }).catch(() => {});
    }
    await Promise.all(asking);
  }

  /** Milliseconds until each shard answered a question that was asked after this time; null: not yet. */
  recoveryMs(sinceMs: number): number | null {
    const shards = [...new Set(this.#options.members.map(({ shard }) => shard))];
    const first = shards.map((shard) => {
      const answered = this.questions.flatMap(({ shard: of, askedAtMs, answeredAtMs }) =>
        of === shard && askedAtMs >= sinceMs && answeredAtMs !== null ? [answeredAtMs - sinceMs] : [],
      );
      return answered.length === 0 ? null : Math.min(...answered);
    });
    return first.includes(null) ? null : Math.max(...first.map((ms) => ms ?? 0));
  }

  async #ask({ person, channelId, shard }: Member, n: number): Promise<void> {
    const question: Question = { shard, askedAtMs: performance.now(), answeredAtMs: null, interactions: [] };
    this.questions.push(question);
    const options = this.#options.questionOf(n);
    for (;;) {
      const interaction = await person.slash('similar', options, { channelId });
      question.interactions.push(interaction);
      const end = await endOf(interaction);
      this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
      if (end === 'answered') {
        question.answeredAtMs = performance.now();
        return;
      }
      if (end === 'lost') {
        this.lost.push(interaction);
        return;
      }
      await delay(againAfterMs);
    }
  }
}

/** Final messages of an interaction; exactly one is right, and none if Discord told the person that nobody responded. */
export function endsOf(interaction: Interaction): APIMessage[] {
  const all = [interaction.original(), ...interaction.followups].filter((message) => message !== null);
  return all.filter((message) => isAnswer(message) || isRefusal(message));
}

async function endOf(interaction: Interaction): Promise<'answered' | 'refused' | 'not heard' | 'lost'> {
  for (const endMs = performance.now() + endWithinMs; performance.now() < endMs; await delay(lookMs)) {
    if (interaction.failed) return 'not heard';
    const [end] = endsOf(interaction);
    if (end) return isAnswer(end) ? 'answered' : 'refused';
  }
  return 'lost';
}

function isAnswer({ content }: APIMessage): boolean {
  return content.startsWith('**');
}

/** A failure, or the notice of a shard that a query was interrupted: the user alone sees it. */
function isRefusal({ flags, content }: APIMessage): boolean {
  return ((flags ?? 0) & MessageFlags.Ephemeral) !== 0 && content !== '';
}
