/** What can be pressed below an answer: listen, ask with a piece, rate one, more, share. Pure. */
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
  /** Where there is no channel for others to see a find in, there is no Share. Unset: yes. */
  readonly mayShare?: boolean;
}

/** Rows are five: two of Listen buttons, two selects, one of the rest. */
export const perPageMax = 10;

/** @param results those of the page */
export function answerRows(texts: Texts, view: AnswerRowsView, results: readonly Result[]): Row[] {
  if (results.length === 0) return [];
  const { answerId } = view;
  const { up, down } = texts.query.votes;
  const { ask, rate } = texts.query.answer;
  const label = ({ rank, track }: Result) => `${rank}. ${plainPiece(texts, track, 100)}`;
  return [
    ...buttonRows(results.map(({ rank }) => button(writeCustomId('listen', answerId, rank), `▶ ${rank}`))),
    ...selectRow(
      writeCustomId('ask', answerId),
      ask,
      results.map((result) => ({ label: label(result), value: String(result.rank) })),
    ),
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
  const { more, share } = texts.query.answer;
  const last = shown.at(-1)?.rank ?? 0;
  const left = answer.results.length - (page * Math.min(perPage, perPageMax) + shown.length);
  const next = last + Math.min(left, perPage, perPageMax);
  return [
    ...(left > 0 ? [button(writeCustomId('more', answerId, page + 1), more(last + 1, next))] : []),
    ...(mayShare ? [button(writeCustomId('share', answerId), share, 'main')] : []),
  ];
}
