/** The replies of `/privacy`: the stored data of a user, and the deleted data. Pure. */
import type { APIEmbedField } from 'discord-api-types/v10';
import type { PersonalData } from '../../catalog/people.ts';
import { msPerDay } from '../../format.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';

export const eraseAction = 'privacy-erase';

export interface PrivacyView {
  readonly userId: string;
  readonly data: PersonalData;
  readonly answersKeptMs: number;
  readonly userIdsKeptMs: number;
}

export function privacyReply({ privacy }: Texts, view: PrivacyView): Reply {
  const { userId, data } = view;
  if (isNone(data)) return { embeds: [{ title: privacy.title, description: privacy.nothing }] };
  const kept = privacy.keptLine(daysOf(view.answersKeptMs));
  const idsKept = privacy.idsKeptLine(daysOf(view.userIdsKeptMs));
  const fields: APIEmbedField[] = [
    { name: privacy.queries, value: `${privacy.queriesLine(data.answers, data.embeddings)}\n${kept}` },
    { name: privacy.votes, value: `${privacy.votesLine(data.votes, data.shareVotes)}\n${idsKept}` },
    { name: privacy.shares, value: `${privacy.sharesLine(data.shares)}\n${idsKept}` },
    { name: privacy.jobs, value: `${privacy.jobsLine(data.jobs)}\n${idsKept}` },
  ];
  return {
    embeds: [{ title: privacy.title, description: privacy.intro, fields, footer: { text: privacy.rest } }],
    components: buttonRows([button(writeCustomId(eraseAction, userId), privacy.erase, 'bad')]),
  };
}

/** @param data what was deleted */
export function erasedReply({ privacy }: Texts, data: PersonalData): Reply {
  if (isNone(data)) return { content: privacy.erasedNothing };
  const lines = [
    privacy.erased,
    `- ${privacy.queriesLine(data.answers, data.embeddings)}`,
    `- ${privacy.votesLine(data.votes, data.shareVotes)}`,
    `- ${privacy.sharesLine(data.shares)}`,
    `- ${privacy.jobsLine(data.jobs)}`,
    privacy.rest,
  ];
  return { content: lines.join('\n') };
}

export function notYoursReply({ privacy }: Texts): Reply {
  return { content: privacy.notYours };
}

function isNone(data: PersonalData): boolean {
  return Object.values(data).every((amount) => amount === 0);
}

function daysOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / msPerDay));
}
