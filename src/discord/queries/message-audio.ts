/** Finds the audio of a message: its recordings, else those of the message that it replies to, else links. */
import { type APIAttachment, type APIMessage, ComponentType } from 'discord-api-types/v10';
import type { RequestedSource } from '../../answering/question.ts';

/** The fields of discord.js's Message that are read; {@link messageOfPayload} builds it from a raw payload. */
export interface MessageWithAudio {
  readonly attachments: { values(): Iterable<FileInMessage> };
  readonly content: string;
  /** The forwarded messages. */
  readonly messageSnapshots?: { values(): Iterable<MessageWithAudio> } | null;
  /** Discord's JSON, or objects with toJSON. */
  readonly components?: readonly object[] | null;
  /** The message that this one replies to, when Discord sends it. */
  readonly repliedTo?: MessageWithAudio | null;
}

interface FileInMessage {
  readonly url: string;
  readonly name: string;
  readonly size: number | null;
  readonly contentType: string | null;
}

export type ClipOrLink = Extract<RequestedSource, { kind: 'clip' | 'link' }>;

/** The maximum that fits into the message of choices: one embed each. */
const choicesMax = 10;
/** Discord derives a file's type from its extension; for unknown extensions the type is missing. */
const soundType = /^(audio|video)\/|^application\/(ogg|octet-stream)/;

/** @returns the message's own recordings: attachments, those of what it forwards, those in its components; if there are
 *    none, those of the message that it replies to; if there are none either, links in the same order */
export function sourcesInMessage(message: MessageWithAudio): ClipOrLink[] {
  const places = message.repliedTo ? [message, message.repliedTo] : [message];
  for (const find of [recordingsIn, linksOf]) {
    for (const place of places) {
      const found = find(place);
      if (found.length > 0) return found.slice(0, choicesMax);
    }
  }
  return [];
}

/** Converts a raw message, with the message that it replies to. */
export function messageOfPayload(message: APIMessage): MessageWithAudio {
  const { attachments, message_snapshots: snapshots = [], referenced_message: repliedTo } = message;
  const ofSnapshot = ({ message: of }: (typeof snapshots)[number]): MessageWithAudio => ({
    attachments: of.attachments.map(ofAttachment),
    content: of.content,
    components: of.components ?? [],
  });
  return {
    attachments: attachments.map(ofAttachment),
    content: message.content,
    messageSnapshots: snapshots.map(ofSnapshot),
    components: message.components ?? [],
    repliedTo: repliedTo ? messageOfPayload({ ...repliedTo, referenced_message: null }) : null,
  };
}

function ofAttachment({ url, filename, size, content_type }: APIAttachment): FileInMessage {
  return { url, name: filename, size, contentType: content_type ?? null };
}

function recordingsIn(message: MessageWithAudio): ClipOrLink[] {
  const files = new Map<string, FileInMessage>();
  for (const file of filesIn(message)) {
    const hasSound = file.contentType === null || soundType.test(file.contentType);
    // A component's file may also be an attachment; the two URLs differ only in their signatures.
    const key = file.url.split('?')[0] ?? '';
    if (hasSound && !files.has(key)) files.set(key, file);
  }
  return [...files.values()].map(({ url, name, size }) => ({ kind: 'clip', url, name, sizeBytes: size }));
}

function filesIn({ attachments, messageSnapshots, components }: MessageWithAudio): FileInMessage[] {
  const forwarded = [...(messageSnapshots?.values() ?? [])].flatMap(filesIn);
  return [...attachments.values(), ...forwarded, ...(components ?? []).flatMap(filesInComponent)];
}

interface ComponentJson {
  readonly type: ComponentType;
  readonly components?: readonly ComponentJson[];
  /** In a File component. */
  readonly name?: string | null;
  readonly size?: number | null;
  readonly file?: Media;
  /** In a Media Gallery, which shows videos. */
  readonly items?: readonly { readonly media: Media }[];
}

interface Media {
  readonly url: string;
  readonly content_type?: string | null;
}

function filesInComponent(component: object): FileInMessage[] {
  const json = ('toJSON' in component ? (component as { toJSON(): unknown }).toJSON() : component) as ComponentJson;
  const { type, name, size, file, items = [], components = [] } = json;
  const own = type === ComponentType.File && file ? [fileOf(file, name, size)] : [];
  // Pictures there may have no extension, so only known audio and video types count.
  const videos = items.filter(({ media }) => soundType.test(media.content_type ?? ''));
  return [...own, ...videos.map(({ media }) => fileOf(media)), ...components.flatMap(filesInComponent)];
}

function fileOf({ url, content_type }: Media, name?: string | null, size?: number | null): FileInMessage {
  const lastPart = decodedOrAsIs(URL.parse(url)?.pathname.split('/').at(-1) ?? '');
  return { url, name: name || lastPart, size: size ?? null, contentType: content_type ?? null };
}

function decodedOrAsIs(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function linksOf({ content, messageSnapshots }: MessageWithAudio): ClipOrLink[] {
  const texts = [content, ...[...(messageSnapshots?.values() ?? [])].map((snapshot) => snapshot.content)];
  return [...new Set(texts.flatMap(linksIn))].map((url) => ({ kind: 'link', url }));
}

/** Finds links as people write them: <in angle brackets> to hide the preview, (in parentheses), or before a full stop. */
function linksIn(content: string): string[] {
  const found = content.match(/https?:\/\/[^\s<>|\]]+/g) ?? [];
  const links = found.map((link) => balanced(link).replace(/[.,;:!?'"*_~`]+$/, ''));
  return links.filter((link) => URL.canParse(link));
}

/** Cuts a link before the first unbalanced closing parenthesis. */
function balanced(link: string): string {
  let open = 0;
  for (let at = 0; at < link.length; at++) {
    if (link[at] === '(') open++;
    if (link[at] === ')' && open-- === 0) return link.slice(0, at);
  }
  return link;
}
