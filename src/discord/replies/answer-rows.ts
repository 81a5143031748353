/** The controls below an answer: listen, query with a piece, rate one; why, more, share. Pure. */
import type { Answer, Result } from '../../query/answer.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows, type Row, selectRow } from './components.ts';
import { withdrawValue } from './listen.ts';
import { plainPiece } from './names.ts';

export interface AnswerRowsView {
  readonly answerId: string;
  readonly answer: Answer;
  readonly page: number;
  readonly perPage: number;
  /** Whether to show Share; false where the bot cannot post. Default: true. */
  readonly mayShare?: boolean;
}

export const perPageMax = 10;
/** Pieces on a page of an answer that is probably by chance. */
const perUncertainPageMax = 3;

/** The number of pieces on each page of an answer. */
export function pageSizeOf({ verdict }: Answer, perPage: number): number {
  const isUncertain = verdict.kind === 'nearest' || verdict.kind === 'nothing-close';
  return Math.min(perPage, isUncertain ? perUncertainPageMax : perPageMax);
}

export function pageOf({
  answer,
  page,
  perPage,
}: Pick<AnswerRowsView, 'answer' | 'page' | 'perPage'>): readonly Result[] {
  const size = pageSizeOf(answer, perPage);
  return answer.results.slice(page * size, (page + 1) * size);
}

/** @param results of the page */
export function answerRows(texts: Texts, view: AnswerRowsView, results: readonly Result[]): Row[] {
  if (results.length === 0) return [];
  const { answerId } = view;
  const { up, down } = texts.query.votes;
  const { listen, ask, rate } = texts.query.answer;
  const label = ({ rank, track }: Result) => `${rank}. ${plainPiece(texts, track, 100)}`;
  const pieces = results.map((result) => ({ label: label(result), value: String(result.rank) }));
  return [
    ...selectRow(writeCustomId('listen', answerId), listen, pieces),
    ...selectRow(writeCustomId('ask', answerId), ask, pieces),
    ...selectRow(writeCustomId('rate', answerId), rate, [
      ...results.flatMap((result) => [
        { label: `${up} ${label(result)}`, value: `up-${result.rank}` },
        { label: `${down} ${label(result)}`, value: `down-${result.rank}` },
      ]),
      { label: texts.privacy.thumbs.withdraw, value: withdrawValue },
    ]),
    ...buttonRows(lastRow(texts, view, results)),
  ];
}

function lastRow(texts: Texts, view: AnswerRowsView, shown: readonly Result[]) {
  const { answerId, answer, page, perPage, mayShare = true } = view;
  const { why, more, share } = texts.query.answer;
  const size = pageSizeOf(answer, perPage);
  const last = shown.at(-1)?.rank ?? 0;
  const left = answer.results.length - (page * size + shown.length);
  return [
    button(writeCustomId('why', answerId, page), why),
    ...(left > 0
      ? [button(writeCustomId('more', answerId, page + 1), more(last + 1, last + Math.min(left, size)))]
      : []),
    ...(mayShare ? [button(writeCustomId('share', answerId), share, 'main')] : []),
  ];
}
