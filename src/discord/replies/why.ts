/** Why the pieces of a page are in the answer: votes, chunks, distances and runs of each, with the match picture. Pure. */
import type { Answer, Result } from '../../query/answer.ts';
import { verdictFacts } from '../../query/answer-facts.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { type AnswerView, headline, queryLine, verdictLine } from './answer.ts';
import { pageOf } from './answer-rows.ts';
import { chooseFiles, pictureName, tooLargeSentence } from './attachments.ts';
import { nameOrUntitled, pieceName, plain } from './names.ts';
import { pieceLines } from './piece-lines.ts';

export interface WhyView extends Pick<AnswerView, 'answerId' | 'answer' | 'page' | 'perPage' | 'attachmentLimitBytes'> {
  /** PNG; null if it may not be attached. */
  readonly picture: Buffer | null;
}

const titleLengthMax = 256;
const descriptionLengthMax = 4096;
/** About three lines on a phone; a longer title adds nothing. */
const pieceNameLengthMax = 240;
const footerPartLengthMax = 40;
const colours = {
  'no-music': 0x80848e,
  'this-is': 0x5ec962,
  'sounds-like': 0x21918c,
  nearest: 0x80848e,
  'nothing-close': 0x80848e,
} as const;

export function whyReply(texts: Texts, view: WhyView): Reply {
  const { answer, picture, attachmentLimitBytes } = view;
  const results = pageOf(view);
  const pictureAlt = altOf(texts, answer, results);
  const files = chooseFiles(texts, answer, { picture, pictureAlt, clips: [], attachmentLimitBytes });
  return {
    embeds: [
      {
        title: headline(texts, view, results, titleLengthMax),
        description: description(texts, view, results, tooLargeSentence(texts, files)),
        color: colours[verdictFacts(answer).kind],
        footer: { text: footer(texts, view) },
        ...(files.hasPicture ? { image: { url: `attachment://${pictureName}` } } : {}),
      },
    ],
    files: files.files,
  };
}

function description(texts: Texts, { answer }: WhyView, results: readonly Result[], below: string): string {
  const join = (pieces: string) => [queryLine(texts, answer), pieces, below].filter((part) => part !== '').join('\n\n');
  const bare = join(pieceLines(texts, answer, results, 0));
  // A recording's other names together get as much room as its name.
  const named = results.reduce((count, { alsoAs }) => count + (alsoAs ? 2 : 1), 0);
  const roomForEach = Math.floor((descriptionLengthMax - bare.length) / Math.max(named, 1));
  return join(pieceLines(texts, answer, results, Math.min(roomForEach, pieceNameLengthMax)));
}

function footer(texts: Texts, { answer, answerId }: WhyView): string {
  const model = plain(answer.spaceId.split('/')[0] ?? '', footerPartLengthMax);
  const generation = plain(answer.generation.slice(0, 8), footerPartLengthMax);
  return texts.query.answer.footer(model, generation, answer.timingsMs.total, answerId);
}

function altOf(texts: Texts, answer: Answer, results: readonly Result[]): string {
  const pieces = results.map(({ rank, track }) => `${rank} ${plain(pieceName(texts, track), 60)}`).join(', ');
  const verdict = verdictLine(texts, verdictFacts(answer), (name) => plain(nameOrUntitled(texts, name), 60));
  return texts.query.clips.picture(verdict, pieces);
}
