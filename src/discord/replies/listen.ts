/** The clips of one piece, shown privately: theirs, yours, both in turn; with controls to rate and share. Pure. */
import type { Vote } from '../../catalog/feedback.ts';
import type { Answer, Result } from '../../query/answer.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { type AnswerClip, chooseFiles, clipsInOrder, tooLargeSentence } from './attachments.ts';
import { button, buttonRows, type Row } from './components.ts';
import { escapedPiece } from './names.ts';
import { matchLine, reasonLine } from './piece-lines.ts';

export interface ListenView {
  readonly answerId: string;
  readonly answer: Answer;
  readonly result: Result;
  /** In playing order. */
  readonly clips: readonly AnswerClip[];
  readonly ownVote: Vote | null;
  /** Why only theirs can be played: the query's clip is no longer stored, or the library track used as the query cannot be
   *  read. Null if yours can be played too. */
  readonly yoursMissing: 'clip' | 'piece' | null;
  readonly attachmentLimitBytes: number;
  /** As AnswerRowsView. */
  readonly mayShare?: boolean;
}

const nameLengthMax = 300;

export function listenReply(texts: Texts, view: ListenView): Reply {
  const { answer, result, clips, yoursMissing, attachmentLimitBytes } = view;
  const chosen = chooseFiles(texts, answer, { picture: null, pictureAlt: '', clips, attachmentLimitBytes });
  const lines = [
    pieceLine(texts, result),
    matchLine(texts, answer, result),
    subtext(reasonLine(texts, answer, result)),
    clipsInOrder(texts, chosen.clips) || texts.query.clips.none,
    tooLargeSentence(texts, chosen),
    yoursMissing === null ? '' : texts.query.clips.yoursMissing[yoursMissing],
  ];
  return {
    content: lines.filter((line) => line !== '').join('\n'),
    components: [listenRow(texts, view)],
    files: chosen.files,
  };
}

/** The buttons below the clips; a separate function, because a vote changes nothing else in the message. */
export function listenRow(
  texts: Texts,
  { answerId, result, ownVote, mayShare = true }: Pick<ListenView, 'answerId' | 'result' | 'ownVote' | 'mayShare'>,
): Row {
  const { up, down } = texts.query.votes;
  const { rank } = result;
  const [row] = buttonRows([
    button(writeCustomId('vote', answerId, rank, 'up'), up, ownVote === 1 ? 'good' : 'plain'),
    button(writeCustomId('vote', answerId, rank, 'down'), down, ownVote === -1 ? 'bad' : 'plain'),
    ...(mayShare ? [button(writeCustomId('share-pick', answerId, rank), texts.query.answer.share, 'main')] : []),
  ]);
  return row as Row;
}

/** Confirms a user's vote. */
export function ratedReply(texts: Texts, { result, vote }: { readonly result: Result; readonly vote: Vote }): Reply {
  const { up, down, saved } = texts.query.votes;
  return { content: saved(vote === 1 ? up : down, pieceLine(texts, result)) };
}

/** The value of the rating select's last option. */
export const withdrawValue = 'withdraw';

/** @param votes number of withdrawn votes */
export function withdrawnReply({ privacy }: Texts, votes: number): Reply {
  return { content: privacy.thumbs.withdrawn(votes) };
}

function pieceLine(texts: Texts, { rank, track }: Result): string {
  const { title, artist } = escapedPiece(texts, track, nameLengthMax);
  return `**${rank}. ${title}**${artist === '' ? '' : `, ${artist}`}`;
}

function subtext(line: string): string {
  return line === '' ? '' : `-# ${line}`;
}
