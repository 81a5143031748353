/** The answer to a query as a message: the verdict, the pieces in a line each, the first one's clip, buttons. Pure.
 *
 *  The words are the message's text, which Discord shows above the clip. Details are behind the button Why
 *  (why.ts). The message always stays within Discord's limits: the fixed text is written first, and names share the room that
 *  is left.
 */
import type { ChunkKind } from '../../domain.ts';
import { type Answer, musicChunks, type Result } from '../../query/answer.ts';
import { adviceAfter, type VerdictFacts, verdictFacts } from '../../query/answer-facts.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { answerRows, pageOf } from './answer-rows.ts';
import { type AnswerClip, type ChosenFiles, chooseFiles, clipsInOrder, tooLargeSentence } from './attachments.ts';
import { escaped, escapedPiece, nameOrUntitled } from './names.ts';
import { placeLine } from './piece-lines.ts';

export type { AnswerClip } from './attachments.ts';

export interface AnswerView {
  readonly answerId: string;
  /** With all stored results, not only those of the page. */
  readonly answer: Answer;
  /** From 0. */
  readonly page: number;
  /** At most 10. */
  readonly perPage: number;
  /** In playing order; usually one, the first piece's. */
  readonly clips: readonly AnswerClip[];
  /** Ranks whose clips could not be cut. */
  readonly clipProblems?: ReadonlyMap<number, string>;
  readonly attachmentLimitBytes: number;
  readonly fromMemory: boolean;
  /** As AnswerRowsView. */
  readonly mayShare?: boolean;
  /** Permissions that the bot lacks. Without AttachFiles, the message has no files and says so. */
  readonly missing?: readonly 'AttachFiles'[];
}

const contentLengthMax = 2000;
const verdictLengthMax = 256;
const queryNameLengthMax = 80;
/** Two lines on a phone. */
const pieceNameLengthMax = 80;

export function answerReply(texts: Texts, view: AnswerView): Reply {
  const { answer, attachmentLimitBytes } = view;
  const results = pageOf(view);
  const clips = view.missing?.includes('AttachFiles') ? [] : view.clips;
  const files = chooseFiles(texts, answer, { picture: null, pictureAlt: '', clips, attachmentLimitBytes });
  return {
    content: content(texts, view, results, files),
    components: answerRows(texts, view, results),
    files: files.files,
  };
}

/** The verdict with its piece's name in it, escaped and cut. */
export function verdictLine(texts: Texts, facts: VerdictFacts, nameOf: (name: string) => string): string {
  const named = 'name' in facts && facts.name !== null ? { ...facts, name: nameOf(facts.name) } : facts;
  return texts.query.verdict(named as VerdictFacts);
}

/** The verdict, after the places of a further page. */
export function headline(
  texts: Texts,
  { answer, page }: Pick<AnswerView, 'answer' | 'page'>,
  results: readonly Result[],
  lengthMax: number,
): string {
  const facts = verdictFacts(answer);
  const [first, last] = [results[0], results.at(-1)];
  const places = page > 0 && first && last ? `${texts.query.answer.furtherPlaces(first.rank, last.rank)}: ` : '';
  const rest = places.length + verdictLine(texts, facts, () => '').length;
  return places + verdictLine(texts, facts, (name) => escaped(nameOrUntitled(texts, name), lengthMax - rest));
}

function content(texts: Texts, view: AnswerView, results: readonly Result[], files: ChosenFiles): string {
  const { answer, page, fromMemory } = view;
  const top = [`**${headline(texts, view, results, verdictLengthMax)}**`, subtext(queryLine(texts, answer))];
  if (page === 0) top.push(adviceSentence(texts, answer, results));
  const below = [
    subtext([clipLine(texts, files), fromMemory ? texts.query.answer.fromMemory : ''].filter(Boolean).join(' · ')),
    tooLargeSentence(texts, files),
    notCutSentence(texts, view, results),
    view.missing?.includes('AttachFiles') ? texts.query.clips.mayNotAttach(texts.query.permissions.AttachFiles) : '',
  ];
  const join = (nameLengthMax: number) =>
    [...top, ...results.map((result) => pieceLine(texts, answer, result, nameLengthMax)), ...below]
      .filter((line) => line !== '')
      .join('\n');
  const roomForEach = Math.floor((contentLengthMax - join(0).length) / Math.max(results.length, 1));
  return join(Math.min(roomForEach, pieceNameLengthMax));
}

/** A piece in one line.
 *  @param nameLengthMax room for title and artist together, in UTF-16 units; 0 omits them, to measure the rest */
function pieceLine(texts: Texts, answer: Answer, result: Result, nameLengthMax: number): string {
  return `${nameOf(texts, result, nameLengthMax)} · ${placeLine(texts, answer, result)}`;
}

function nameOf(texts: Texts, { rank, track }: Result, lengthMax: number): string {
  if (lengthMax === 0) return `**${rank}. **, `;
  const { title, artist } = escapedPiece(texts, track, lengthMax);
  return `**${rank}. ${title}**${artist === '' ? '' : `, ${artist}`}`;
}

/** The query, and the chunks of it that were not compared. */
export function queryLine(texts: Texts, { query }: Answer): string {
  const { name, durationSec, fromSec, toSec } = query;
  const isPart = toSec - fromSec < durationSec - 0.5;
  const excluded = new Map<ChunkKind, number>();
  for (const { kind } of query.chunks) if (kind !== 'music') excluded.set(kind, (excluded.get(kind) ?? 0) + 1);
  const kinds = [...excluded].map(([kind, chunks]) => ({ name: texts.query.picture.kinds[kind], chunks }));
  const line = texts.query.answer.queryLine({
    name: `**${escaped(nameOrUntitled(texts, name), queryNameLengthMax)}**`,
    durationSec,
    part: isPart ? { fromSec, toSec } : null,
    chunks: musicChunks(query).length,
  });
  return `${line}${kinds.length === 0 ? '' : texts.query.answer.notCompared(kinds)}.`;
}

function adviceSentence(texts: Texts, answer: Answer, results: readonly Result[]): string {
  const { otherRecording, longerPart, empty } = texts.query.answer;
  const advice = adviceAfter(answer);
  if (advice === 'other-recording') return otherRecording;
  if (results.length === 0) return empty;
  return advice === 'longer-part' ? longerPart : '';
}

/** A single clip needs no order: its line says where the others are. */
function clipLine(texts: Texts, { clips }: ChosenFiles): string {
  const [clip] = clips;
  return clip && clips.length === 1 ? texts.query.clips.single(clip.rank) : clipsInOrder(texts, clips);
}

function notCutSentence(texts: Texts, { clipProblems }: AnswerView, results: readonly Result[]): string {
  const ranks = results.map(({ rank }) => rank).filter((rank) => clipProblems?.has(rank));
  return ranks.length === 0 ? '' : texts.query.clips.notCut(ranks);
}

function subtext(line: string): string {
  return line === '' ? '' : `-# ${line}`;
}
