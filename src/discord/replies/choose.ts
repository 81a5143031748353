/** Lets the user choose one of several recordings or links in a message. Pure.
 *
 *  The choices are in the reply's own embeds, one each, and the query's options in the select's custom id, so that nothing
 *  about the original message is stored: `choiceOf` and `pickedOf` read them back.
 */
import type { APIEmbed } from 'discord-api-types/v10';
import { type Focus, focusNames } from '../../domain.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { selectRow } from './components.ts';
import { escaped, plain } from './names.ts';

export type SourceChoice =
  | { readonly kind: 'clip'; readonly url: string; readonly name: string; readonly sizeBytes: number | null }
  | { readonly kind: 'link'; readonly url: string };

/** The options of the query with the chosen recording. */
export interface Picked {
  readonly fromSec: number | null;
  readonly toSec: number | null;
  readonly results: number;
  readonly sameArtist: boolean;
  readonly focus: Focus;
  /** Whether only the user sees the answer. */
  readonly isPrivate: boolean;
}

/** Maximum number of embeds in a message. */
const choicesMax = 10;
const urlLengthMax = 2048;
const nameLengthMax = 200;
/** In a custom id: no time was given. */
const none = '-';
const valuePattern = /^(clip|link)-(\d)$/;

export function chooseReply(
  texts: Texts,
  { choices, picked }: { readonly choices: readonly SourceChoice[]; readonly picked: Picked },
): Reply {
  const { question, placeholder, more, nothing } = texts.query.choose;
  const usable = choices.filter(({ url }) => url.length <= urlLengthMax);
  const shown = usable.slice(0, choicesMax);
  if (shown.length === 0) return { content: nothing };
  const unlisted = choices.length - shown.length;
  const options = shown.map((choice, i) => ({
    label: `${i + 1}. ${plain(nameOf(texts, choice), nameLengthMax)}`,
    value: `${choice.kind}-${i}`,
    description: aboutOf(texts, choice),
  }));
  return {
    content: unlisted > 0 ? `${question}\n-# ${more(unlisted)}` : question,
    embeds: shown.map((choice, i) => ({
      title: `${i + 1}. ${escaped(nameOf(texts, choice), nameLengthMax)}`,
      url: choice.url,
      description: aboutOf(texts, choice),
    })),
    components: selectRow(pickId(picked), placeholder, options),
  };
}

function pickId({ fromSec, toSec, results, sameArtist, isPrivate, focus }: Picked): string {
  const flags = [sameArtist ? 'same-artist' : 'any', isPrivate ? 'private' : 'public'];
  return writeCustomId('pick', fromSec ?? none, toSec ?? none, results, ...flags, focus);
}

/** Reads the options from the select's custom id.
 *  @returns null if they are missing */
export function pickedOf([from, to, results, artists, visibility, part]: readonly string[]): Picked | null {
  const [fromSec, toSec] = [from, to].map((text) => (text === none ? null : Number(text)));
  const isWhole = [fromSec, toSec, Number(results)].every((value) => value === null || Number.isFinite(value));
  if (fromSec === undefined || toSec === undefined || !isWhole) return null;
  const [sameArtist, isPrivate] = [artists === 'same-artist', visibility !== 'public'];
  // Messages of older versions do not name a focus.
  const focus = focusNames.find((name) => name === part) ?? 'balanced';
  return { fromSec, toSec, results: Number(results), sameArtist, isPrivate, focus };
}

/** Reads the chosen recording or link.
 *  @param embeds of the message with the select
 *  @param value  of the select
 *  @returns null if it is missing */
export function choiceOf(embeds: readonly Pick<APIEmbed, 'url' | 'title'>[], value: string): SourceChoice | null {
  const [, kind, index] = valuePattern.exec(value) ?? [];
  const { url, title = '' } = embeds[Number(index ?? Number.NaN)] ?? {};
  if (!url || !kind) return null;
  const name = title.replace(/^\d+\. /, '').replaceAll(/\\(.)|[\u200b\u2068\u2069]/g, '$1');
  return kind === 'clip' ? { kind: 'clip', url, name, sizeBytes: null } : { kind: 'link', url };
}

function nameOf(texts: Texts, choice: SourceChoice): string {
  const name = choice.kind === 'clip' ? choice.name : (URL.parse(choice.url)?.host ?? '');
  return plain(name, nameLengthMax) === '' ? texts.query.untitled : name;
}

function aboutOf(texts: Texts, choice: SourceChoice): string {
  const { file, fileOfUnknownSize, link, bytes } = texts.query.choose;
  if (choice.kind === 'link') return link;
  return choice.sizeBytes === null ? fileOfUnknownSize : file(bytes(choice.sizeBytes));
}
