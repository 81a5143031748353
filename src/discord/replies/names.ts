/** Titles are other people's text: here they become safe to show. Cut first, so that no escape is ever halved. Pure. */
import type { Track } from '../../domain.ts';
import { fileStem, oneLine } from '../../format.ts';
import type { Texts } from '../texts/texts.ts';

/** What turns, hides or splits text and is no part of a name: the marks that oneLine() leaves. */
const marks = /[\u061c\u200b\u2060\ufeff]/g;
const invisible = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\s]/gu;
/** Hebrew, Arabic and their neighbours, with their presentation forms and the scripts of the second plane. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Longer text is cut before it is looked at closely. */
const codePointsMax = 400;

/** For labels, alt texts and other places that know no Markdown.
 *  @param lengthMax UTF-16 units, which is at least what Discord counts
 *  @returns '' for what nobody could see */
export function plain(text: string, lengthMax: number): string {
  return cut([...visible(text)], lengthMax);
}

/** For places that know Markdown: shown as it is, it formats, links and mentions nothing.
 *  @param lengthMax UTF-16 units, the escapes counted
 *  @returns '' for what nobody could see */
export function escaped(text: string, lengthMax: number): string {
  const characters = [...visible(text)];
  const pieces = characters.map((character, i) => escapeOne(character, characters[i - 1]));
  // Set apart, so that a name from right to left does not turn the numbers around it.
  if (characters.some((character) => rightToLeft.test(character))) return `\u2068${cut(pieces, lengthMax - 2)}\u2069`;
  return cut(pieces, lengthMax);
}

/** What a track is called: its title, or its file's name, or "untitled"; never blank. Neither escaped nor cut. */
export function pieceName(texts: Texts, { title, key }: Pick<Track, 'title' | 'key'>): string {
  return [title ?? '', fileStem(key)].find((name) => visible(name) !== '') ?? texts.query.untitled;
}

/** A name as it is, or "untitled" for one that nobody could see. */
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

/** A file's name as Discord keeps it: it drops whatever is not one of these characters, and then names would lie.
 *  @param lengthMax the end is kept, for there the kind, the time and the extension are */
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
  // A backslash would not stop the server from seeing @everyone; a space of no width does.
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
