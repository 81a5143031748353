/** Sharing a result: the choice, the post with votes, and the confirmations. Pure. */
import type { Answer, Result } from '../../query/answer.ts';
import { isSameTrack } from '../../query/answer-facts.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { type AnswerClip, chooseFiles, clipsInOrder, pictureName, tooLargeSentence } from './attachments.ts';
import { button, buttonRows, type Row, selectRow } from './components.ts';
import { escaped, escapedPiece, nameOrUntitled, pieceName, plain, plainPiece } from './names.ts';
import { matchLine, reasonLine } from './piece-lines.ts';

const titleNameLengthMax = 110;
const nameLengthMax = 400;
const colour = 0x21918c;

export interface ShareChoice {
  readonly answerId: string;
  readonly answer: Answer;
  /** The channel for the post. */
  readonly channelId: string;
}

/** Lets the user choose one of the answer's pieces. The first 25 can be chosen; the others have their own Share button
 *  below their clips. */
export function shareChoiceReply(texts: Texts, { answerId, answer, channelId }: ShareChoice): Reply {
  const { choose, choosePlaceholder } = texts.query.share;
  const options = answer.results.map(({ rank, track }) => ({
    label: `${rank}. ${plainPiece(texts, track, 100)}`,
    value: String(rank),
  }));
  return {
    content: choose(mentionChannel(channelId)),
    components: selectRow(writeCustomId('share-pick', answerId), choosePlaceholder, options),
  };
}

export interface ShareVotes {
  readonly up: number;
  readonly down: number;
}

export interface SharePost {
  readonly shareId: string;
  readonly finderId: string;
  readonly answer: Answer;
  readonly result: Result;
  readonly clips: readonly AnswerClip[];
  /** PNG, of this piece only. */
  readonly picture: Buffer | null;
  readonly votes: ShareVotes;
  readonly attachmentLimitBytes: number;
}

/** The post in the channel. It names the user who found the piece without pinging: embeds ping nobody. */
export function sharePost(texts: Texts, post: SharePost): Reply {
  const { answer, result, attachmentLimitBytes } = post;
  const title = titleOf(texts, answer, result, markdownName);
  const chosen = chooseFiles(texts, answer, {
    picture: post.picture,
    pictureAlt: texts.query.clips.picture(
      titleOf(texts, answer, result, plainName),
      plainPiece(texts, result.track, 100),
    ),
    clips: post.clips,
    attachmentLimitBytes,
  });
  const { title: piece, artist } = escapedPiece(texts, result.track, nameLengthMax);
  const lines = [
    `**${piece}**${artist === '' ? '' : `, ${artist}`}`,
    matchLine(texts, answer, result),
    subtext(reasonLine(texts, answer, result)),
    // A caller of the web API who is no Discord user cannot be named.
    /^\d+$/.test(post.finderId) ? texts.query.share.foundBy(`<@${post.finderId}>`) : '',
    clipsInOrder(texts, chosen.clips),
    tooLargeSentence(texts, chosen),
  ];
  return {
    embeds: [
      {
        title,
        description: lines.filter((line) => line !== '').join('\n'),
        color: colour,
        ...(chosen.hasPicture ? { image: { url: `attachment://${pictureName}` } } : {}),
      },
    ],
    components: [shareVoteRow(texts, post.shareId, post.votes)],
    files: chosen.files,
  };
}

/** The vote buttons of a post with their counts; a separate function, because a vote changes nothing else in the post. */
export function shareVoteRow(texts: Texts, shareId: string, votes: ShareVotes): Row {
  const { up, down } = texts.query.votes;
  const [row] = buttonRows([
    button(writeCustomId('share-vote', shareId, 'up'), `${up} ${votes.up}`),
    button(writeCustomId('share-vote', shareId, 'down'), `${down} ${votes.down}`),
  ]);
  return row as Row;
}

/** @param messageUrl of the post; null while it is being sent */
export function sharedReply(
  texts: Texts,
  {
    channelId,
    messageUrl,
    isNew,
  }: { readonly channelId: string; readonly messageUrl: string | null; readonly isNew: boolean },
): Reply {
  const { posted, already, beingPosted } = texts.query.share;
  const channel = mentionChannel(channelId);
  if (messageUrl === null) return { content: beingPosted(channel) };
  return { content: isNew ? posted(channel, messageUrl) : already(channel, messageUrl) };
}

type NameWriter = (text: string) => string;
const markdownName: NameWriter = (text) => escaped(text, titleNameLengthMax);
const plainName: NameWriter = (text) => plain(text, titleNameLengthMax);

/** States the relation: the same recording, similar, or only the nearest. */
function titleOf(texts: Texts, answer: Answer, result: Result, write: NameWriter): string {
  const { isSame, soundsLike, isNear } = texts.query.share;
  const [query, piece] = [write(nameOrUntitled(texts, answer.query.name)), write(pieceName(texts, result.track))];
  if (isSameTrack(answer, result)) return isSame(query, piece);
  return answer.verdict.kind === 'nothing-close' ? isNear(query, piece) : soundsLike(query, piece);
}

function mentionChannel(channelId: string): string {
  return `<#${channelId}>`;
}

function subtext(line: string): string {
  return line === '' ? '' : `-# ${line}`;
}
