/** Selects and orders the files of a message, and describes them in its text. Pure. */
import path from 'node:path';
import type { Answer, Result } from '../../query/answer.ts';
import { momentInTrack } from '../../query/answer-facts.ts';
import type { ReplyFile } from '../reply.ts';
import type { ClipKind } from '../texts/query-facts.ts';
import type { Texts } from '../texts/texts.ts';
import { attachmentName, nameOrUntitled, pieceName, plain } from './names.ts';

export interface AnswerClip {
  readonly rank: number;
  readonly kind: ClipKind;
  /** Its base name is readable. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ChosenFiles {
  readonly files: readonly ReplyFile[];
  readonly hasPicture: boolean;
  /** In the order of the files. */
  readonly clips: readonly AnswerClip[];
  /** Files that are too large or too many. */
  readonly isPictureTooLarge: boolean;
  readonly ranksTooLarge: readonly number[];
}

export const pictureName = 'match.png';
const filesMax = 10;
/** Discord accepts 25 MiB per request; the rest is for the message itself and the multipart boundaries. */
const requestBytesMax = 25 * 1024 * 1024 - 128 * 1024;
const altLengthMax = 1024;
const altNameLengthMax = 200;

/** The picture first, then the clips in the given order, as long as each file and the total fit. */
export function chooseFiles(
  texts: Texts,
  answer: Answer,
  {
    picture,
    pictureAlt,
    clips,
    attachmentLimitBytes,
  }: {
    readonly picture: Buffer | null;
    readonly pictureAlt: string;
    readonly clips: readonly AnswerClip[];
    readonly attachmentLimitBytes: number;
  },
): ChosenFiles {
  let leftBytes = requestBytesMax;
  const fits = (sizeBytes: number) => sizeBytes <= attachmentLimitBytes && sizeBytes <= leftBytes;
  const hasPicture = picture !== null && fits(picture.length);
  const files: ReplyFile[] = [];
  if (hasPicture) {
    files.push({ name: pictureName, content: { data: picture }, description: plain(pictureAlt, altLengthMax) });
    leftBytes -= picture.length;
  }
  const chosen: AnswerClip[] = [];
  const ranksTooLarge = new Set<number>();
  for (const clip of clips) {
    const result = answer.results.find(({ rank }) => rank === clip.rank);
    if (!result) continue;
    if (files.length >= filesMax || !fits(clip.sizeBytes)) {
      ranksTooLarge.add(clip.rank);
      continue;
    }
    const name = attachmentName(path.basename(clip.path));
    files.push({ name, content: { path: clip.path }, description: clipAlt(texts, answer, result, clip.kind) });
    leftBytes -= clip.sizeBytes;
    chosen.push(clip);
  }
  const isPictureTooLarge = picture !== null && !hasPicture;
  return { files, hasPicture, clips: chosen, isPictureTooLarge, ranksTooLarge: [...ranksTooLarge] };
}

/** The clips in the order of the attachments, because phones show attachments without names. '' without clips. */
export function clipsInOrder(texts: Texts, clips: readonly AnswerClip[]): string {
  const { kinds, order } = texts.query.clips;
  const groups: { rank: number; names: string[] }[] = [];
  for (const { rank, kind } of clips) {
    const last = groups.at(-1);
    if (last?.rank === rank) last.names.push(kinds[kind]);
    else groups.push({ rank, names: [kinds[kind]] });
  }
  if (groups.length === 0) return '';
  return order(groups.map(({ rank, names }) => `**${rank}** ${names.join(', ')}`).join(' · '));
}

/** One sentence about the files that did not fit; '' if all did. */
export function tooLargeSentence(texts: Texts, { isPictureTooLarge, ranksTooLarge }: ChosenFiles): string {
  const { tooLarge, pictureFile, ofPiece } = texts.query.clips;
  const fileNames = [...(isPictureTooLarge ? [pictureFile] : []), ...ranksTooLarge.map(ofPiece)];
  return fileNames.length === 0 ? '' : tooLarge(fileNames);
}

function clipAlt(texts: Texts, answer: Answer, result: Result, kind: ClipKind): string {
  const { theirs, yours, ab } = texts.query.clips;
  const piece = plain(pieceName(texts, result.track), altNameLengthMax);
  const query = plain(nameOrUntitled(texts, answer.query.name), altNameLengthMax);
  const best = result.hits[0];
  const yoursSec = best?.queryStartSec ?? answer.query.fromSec;
  const theirsSec = best ? momentInTrack(answer, result, best) : 0;
  const alt = {
    theirs: () => theirs(piece, theirsSec),
    yours: () => yours(query, yoursSec),
    ab: () => ab(query, piece),
  };
  return plain(alt[kind](), altLengthMax);
}
