/** The answer to a query as a message: the verdict, the ranking with its evidence, picture, clips, buttons. Pure.
 *
 *  A classic message, because audio attachments below an embed play and inside Components V2 nobody promises it. It stays
 *  within Discord's limits by construction: all that is fixed is written first, and names share what room is left.
 */
import type { ChunkKind } from '../../domain.ts';
import { type Answer, musicChunks, type Result } from '../../query/answer.ts';
import { adviceAfter, type VerdictFacts, verdictFacts } from '../../query/answer-facts.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { answerRows, perPageMax } from './answer-rows.ts';
import {
  type AnswerClip,
  type ChosenFiles,
  chooseFiles,
  clipsInOrder,
  leftOutSentence,
  pictureName,
} from './attachments.ts';
import { escaped, nameOrUntitled, pieceName, plain } from './names.ts';
import { pieceLines } from './piece-lines.ts';

export type { AnswerClip } from './attachments.ts';

export interface AnswerView {
  readonly answerId: string;
  /** With all results that are stored, whatever the page. */
  readonly answer: Answer;
  /** From 0. */
  readonly page: number;
  /** At most 10. */
  readonly perPage: number;
  /** PNG. */
  readonly picture: Buffer | null;
  /** In the order in which they are to be heard. */
  readonly clips: readonly AnswerClip[];
  /** Ranks whose clips could not be cut. */
  readonly clipProblems?: ReadonlyMap<number, string>;
  readonly attachmentLimitBytes: number;
  readonly fromMemory: boolean;
  /** As AnswerRowsView. */
  readonly mayShare?: boolean;
  /** Without the right to attach, files are left out and that is said. */
  readonly missing?: readonly 'AttachFiles'[];
}

const titleLengthMax = 256;
const descriptionLengthMax = 4096;
const queryNameLengthMax = 120;
/** Some three lines on a phone: more of a title tells nobody more. */
const pieceNameLengthMax = 240;
const footerPartLengthMax = 40;
const colours = {
  'no-music': 0x80848e,
  'this-is': 0x5ec962,
  'sounds-like': 0x21918c,
  nearest: 0x80848e,
  'nothing-close': 0x80848e,
} as const;

export function answerReply(texts: Texts, view: AnswerView): Reply {
  const { answer } = view;
  const results = pageOf(view);
  const facts = verdictFacts(answer);
  const mayAttach = !view.missing?.includes('AttachFiles');
  const files = chooseFiles(texts, answer, {
    picture: mayAttach ? view.picture : null,
    pictureAlt: pictureAlt(texts, answer, results),
    clips: mayAttach ? view.clips : [],
    attachmentLimitBytes: view.attachmentLimitBytes,
  });
  return {
    embeds: [
      {
        title: title(texts, facts, view, results),
        description: description(texts, view, results, files),
        color: colours[facts.kind],
        footer: { text: footer(texts, view) },
        ...(files.hasPicture ? { image: { url: `attachment://${pictureName}` } } : {}),
      },
    ],
    components: answerRows(texts, view, results),
    files: files.files,
  };
}

function pageOf({ answer, page, perPage }: AnswerView): readonly Result[] {
  const size = Math.min(perPage, perPageMax);
  return answer.results.slice(page * size, (page + 1) * size);
}

/** The verdict with its piece's name in it, escaped and cut. */
function verdictLine(texts: Texts, facts: VerdictFacts, nameOf: (name: string) => string): string {
  const named = 'name' in facts && facts.name !== null ? { ...facts, name: nameOf(facts.name) } : facts;
  return texts.query.verdict(named as VerdictFacts);
}

function title(texts: Texts, facts: VerdictFacts, { page }: AnswerView, results: readonly Result[]): string {
  const [first, last] = [results[0], results.at(-1)];
  const places = page > 0 && first && last ? `${texts.query.answer.furtherPlaces(first.rank, last.rank)}: ` : '';
  const rest = places.length + verdictLine(texts, facts, () => '').length;
  return places + verdictLine(texts, facts, (name) => escaped(nameOrUntitled(texts, name), titleLengthMax - rest));
}

function description(texts: Texts, view: AnswerView, results: readonly Result[], files: ChosenFiles): string {
  const { answer } = view;
  const above = [askedWith(texts, answer), view.page === 0 ? adviceSentence(texts, answer, results) : ''];
  const below = [
    clipsInOrder(texts, files.clips),
    leftOutSentence(texts, files),
    notCutSentence(texts, view, results),
    view.missing?.includes('AttachFiles') ? texts.query.clips.mayNotAttach(texts.query.permissions.AttachFiles) : '',
  ];
  const join = (pieces: string) =>
    [above, [pieces], below]
      .map((lines) => lines.filter((line) => line !== '').join('\n'))
      .filter((part) => part !== '')
      .join('\n\n');
  const bare = join(pieceLines(texts, answer, results, 0));
  // A recording's other names together get as much room as its name.
  const named = results.reduce((count, { alsoAs }) => count + (alsoAs ? 2 : 1), 0);
  const roomForEach = Math.floor((descriptionLengthMax - bare.length) / Math.max(named, 1));
  const nameLengthMax = Math.min(roomForEach, pieceNameLengthMax);
  return join(pieceLines(texts, answer, results, nameLengthMax));
}

function askedWith(texts: Texts, { query }: Answer): string {
  const { name, durationSec, fromSec, toSec } = query;
  const isPart = toSec - fromSec < durationSec - 0.5;
  const leftOut = new Map<ChunkKind, number>();
  for (const { kind } of query.chunks) if (kind !== 'music') leftOut.set(kind, (leftOut.get(kind) ?? 0) + 1);
  const kinds = [...leftOut].map(([kind, chunks]) => ({ name: texts.query.picture.kinds[kind], chunks }));
  const asked = texts.query.answer.askedWith({
    name: `**${escaped(nameOrUntitled(texts, name), queryNameLengthMax)}**`,
    durationSec,
    part: isPart ? { fromSec, toSec } : null,
    chunks: musicChunks(query).length,
  });
  return `${asked}${kinds.length === 0 ? '' : texts.query.answer.leftOut(kinds)}.`;
}

function adviceSentence(texts: Texts, answer: Answer, results: readonly Result[]): string {
  const { otherRecording, longerPart, empty } = texts.query.answer;
  const advice = adviceAfter(answer);
  if (advice === 'other-recording') return otherRecording;
  if (results.length === 0) return empty;
  return advice === 'longer-part' ? longerPart : '';
}

function notCutSentence(texts: Texts, { clipProblems }: AnswerView, results: readonly Result[]): string {
  const ranks = results.map(({ rank }) => rank).filter((rank) => clipProblems?.has(rank));
  return ranks.length === 0 ? '' : texts.query.clips.notCut(ranks);
}

function footer(texts: Texts, { answer, fromMemory, answerId }: AnswerView): string {
  const model = plain(answer.spaceId.split('/')[0] ?? '', footerPartLengthMax);
  const generation = plain(answer.generation.slice(0, 8), footerPartLengthMax);
  return texts.query.answer.footer(model, generation, answer.timingsMs.total, fromMemory, answerId);
}

function pictureAlt(texts: Texts, answer: Answer, results: readonly Result[]): string {
  const pieces = results.map(({ rank, track }) => `${rank} ${plain(pieceName(texts, track), 60)}`).join(', ');
  const verdict = verdictLine(texts, verdictFacts(answer), (name) => plain(nameOrUntitled(texts, name), 60));
  return texts.query.clips.picture(verdict, pieces);
}
