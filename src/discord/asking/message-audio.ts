/** The audio of a message: its attachments that may hold sound; without any, its links. */
import type { Asked } from './question.ts';

/** The parts of discord.js's Message that are read. */
export interface MessageWithAudio {
  readonly attachments: {
    values(): Iterable<{
      readonly url: string;
      readonly name: string;
      readonly size: number;
      readonly contentType: string | null;
    }>;
  };
  readonly content: string;
}

export type ClipOrLink = Extract<Asked, { kind: 'clip' | 'link' }>;

/** As many as fit a message of choices: one embed each. */
const choicesMax = 10;
/** Discord tells a file's type by its ending; where it does not know the ending, the type is missing. */
const soundType = /^(audio|video)\/|^application\/(ogg|octet-stream)/;

export function askedOf({ attachments, content }: MessageWithAudio): ClipOrLink[] {
  const clips = [...attachments.values()]
    .filter(({ contentType }) => contentType === null || soundType.test(contentType))
    .map(({ url, name, size }) => ({ kind: 'clip', url, name, sizeBytes: size }) as const);
  const found = clips.length > 0 ? clips : linksIn(content).map((url) => ({ kind: 'link', url }) as const);
  return found.slice(0, choicesMax);
}

/** Addresses as people write them: <in angles> so that no preview shows, (in brackets), or before a full stop. */
function linksIn(content: string): string[] {
  const found = content.match(/https?:\/\/[^\s<>|\]]+/g) ?? [];
  const links = found.map((link) => balanced(link).replace(/[.,;:!?'"*_~`]+$/, ''));
  return [...new Set(links)].filter((link) => URL.canParse(link));
}

/** Up to the first parenthesis that closes none of the link's own. */
function balanced(link: string): string {
  let open = 0;
  for (let at = 0; at < link.length; at++) {
    if (link[at] === '(') open++;
    if (link[at] === ')' && open-- === 0) return link.slice(0, at);
  }
  return link;
}
