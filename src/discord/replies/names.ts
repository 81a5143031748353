/** Makes foreign text, such as titles, safe to show. Text is cut before it is escaped, so that no escape is halved. Pure. */
import type { Track } from '../../domain.ts';
import { fileStem, oneLine } from '../../format.ts';
import type { Texts } from '../texts/texts.ts';

/** Characters that turn, hide or split text and are not part of a name; oneLine() leaves them. */
const marks = /[\u061c\u200b\u2060\ufeff]/g;
const invisible = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\s]/gu;
/** Hebrew, Arabic and their neighbours, with their presentation forms and the scripts of the second plane. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Longer text is cut before it is examined. */
const codePointsMax = 400;

/** For labels, alt texts and other places without Markdown.
 *  @param lengthMax UTF-16 units, at least as many as Discord counts
 *  @returns '' for invisible text */
export function plain(text: string, lengthMax: number): string {
  return cut([...visible(text)], lengthMax);
}

/** For places with Markdown: the text formats, links and mentions nothing.
 *  @param lengthMax UTF-16 units, escapes included
 *  @returns '' for invisible text */
export function escaped(text: string, lengthMax: number): string {
  const characters = [...visible(text)];
  const pieces = characters.map((character, i) => escapeOne(character, characters[i - 1]));
  // Isolated, so that a right-to-left name does not turn the numbers around it.
  if (characters.some((character) => rightToLeft.test(character))) return `\u2068${cut(pieces, lengthMax - 2)}\u2069`;
  return cut(pieces, lengthMax);
}

/** A track's name: its title, or its file's name, or "untitled"; never blank. Neither escaped nor cut. */
export function pieceName(texts: Texts, { title, key }: Pick<Track, 'title' | 'key'>): string {
  return [title ?? '', fileStem(key)].find((name) => visible(name) !== '') ?? texts.query.untitled;
}

/** The name, or "untitled" if it is invisible. */
export function nameOrUntitled(texts: Texts, name: string): string {
  return visible(name) === '' ? texts.query.untitled : name;
}

/** Title and artist for a label or a choice. */
export function plainPiece(texts: Texts, track: Pick<Track, 'title' | 'key' | 'artist'>, lengthMax: number): string {
  const artist = visible(track.artist ?? '');
  const name = visible(pieceName(texts, track));
  return plain(artist === '' ? name : `${name}, ${artist}`, lengthMax);
}

/** Title in bold and artist, in at most `lengthMax` UTF-16 units: the artist takes a third at most, the title the rest. */
export function escapedPiece(texts: Texts, track: Pick<Track, 'title' | 'key' | 'artist'>, lengthMax: number) {
  const artist = escaped(track.artist ?? '', Math.floor(lengthMax / 3));
  return { title: escaped(pieceName(texts, track), lengthMax - artist.length), artist };
}

/** A file's name as Discord stores it: it drops all other characters, which would make names misleading.
 *  @param lengthMax the end is kept, because it has the kind, the time and the extension */
export function attachmentName(baseName: string, lengthMax = 96): string {
  const ascii = baseName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]+/g, '-')
    .replace(/-{2,}/g, '-');
  if (ascii.length <= lengthMax) return ascii;
  const end = ascii.slice(-32);
  return `${ascii.slice(0, lengthMax - end.length - 1)}-${end}`.replace(/-{2,}/g, '-');
}

function visible(text: string): string {
  const line = oneLine(text.toWellFormed().replace(marks, ''), codePointsMax);
  return line.replace(invisible, '') === '' ? '' : line;
}

function escapeOne(character: string, before: string | undefined): string {
  if (/[\\*_~`|<>[\]()#]/.test(character)) return `\\${character}`;
  // A backslash does not keep Discord's server from seeing @everyone; a zero-width space does.
  if (character === '@') return '@\u200b';
  // https:// would become a link.
  return character === '/' && (before === ':' || before === '/') ? '\\/' : character;
}

function cut(pieces: readonly string[], lengthMax: number): string {
  const whole = pieces.join('');
  if (whole.length <= lengthMax) return whole;
  let kept = '';
  for (const piece of pieces) {
    if (kept.length + piece.length > lengthMax - 1) break;
    kept += piece;
  }
  return `${kept.trimEnd()}…`;
}
