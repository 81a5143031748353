/** Helpers for tests of queries: recordings to send, and readers of the replies. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { APIEmbed, APIMessage } from 'discord-api-types/v10';
import type { FileToUpload, Interaction, LocalDiscord } from '../../../local-discord/local-discord.ts';
import { decodeAll } from '../../audio/decode-all.ts';
import type { TestLibrary } from '../../support/library.ts';
import { ffmpeg, writePiece } from '../../support/pieces.ts';

/** MessageFlags.Ephemeral and Loading. */
const [ephemeral, loading] = [64, 128];
/** For what a test itself asks of Discord in the bot's name. @see https://docs.discord.com/developers/reference#user-agent */
export const asABot = { 'user-agent': 'DiscordBot (https://example.org, 1)' };
/** Two cores that other tests share. */
const answerTimeoutMs = 100_000;

function inTempFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-clip-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A part of a library track, as a user would cut it. */
export function excerpt(library: TestLibrary, piece: 1 | 2 | 3 | 4 | 5, fromSec = 10, lengthSec = 20): FileToUpload {
  const source = path.join(library.music, `piece-${piece}.ogg`);
  const name = `excerpt-${piece}-${fromSec}.mp3`;
  return inTempFolder((folder) => {
    const file = path.join(folder, name);
    ffmpeg('-ss', String(fromSec), '-t', String(lengthSec), '-i', `file:${source}`, `file:${file}`);
    return { name, data: readFileSync(file) };
  });
}

/** A recording that is not in the library. */
export function newPiece(seed: number, lengthSec = 20, name = `new-${seed}.mp3`, options: readonly string[] = []) {
  return inTempFolder((folder): FileToUpload => {
    return { name, data: readFileSync(writePiece(path.join(folder, name), seed, lengthSec, options)) };
  });
}

export function isPrivate(message: APIMessage): boolean {
  return Boolean((message.flags ?? 0) & ephemeral);
}

export function isThinking(message: APIMessage): boolean {
  return Boolean((message.flags ?? 0) & loading);
}

/** The answer is the one message that begins with a headline.
 *  @throws {Error} at once when an error reply comes instead */
export async function answerTo(interaction: Interaction): Promise<APIMessage> {
  const isOver = ({ content }: APIMessage) => headline.test(content) || isFailure(content);
  const message = await interaction.until(isOver, answerTimeoutMs);
  if (isFailure(message.content)) throw new Error(`Expected an answer, got: ${message.content}`);
  return message;
}

/** The verdict, in bold. */
const headline = /^\*\*(.+)\*\*\n/;

export function headlineOf({ content }: APIMessage): string {
  const line = headline.exec(content)?.[1];
  if (line === undefined) throw new Error(`Expected an answer, got: ${content}`);
  return line;
}

/** The id of the stored answer, from its buttons; undefined if it has none. */
export function answerIdOf({ components = [] }: APIMessage): string | undefined {
  return /"lm1:why:([a-z0-9]{12}):/.exec(JSON.stringify(components))?.[1];
}

/** In any language. */
const reference = /\n-# .+ [a-z2-9]{6}$/;

function isFailure(content: string): boolean {
  return reference.test(content) && !headline.test(content);
}

/** An error reply ends with a reference. */
export function failureOf(interaction: Interaction): Promise<APIMessage> {
  return interaction.until(({ content }) => isFailure(content), answerTimeoutMs);
}

export function saying(interaction: Interaction, text: string | RegExp, timeoutMs = answerTimeoutMs) {
  return interaction.until(
    ({ content }) => (typeof text === 'string' ? content.includes(text) : text.test(content)),
    timeoutMs,
  );
}

export function embedOf({ embeds }: APIMessage): APIEmbed {
  const [embed] = embeds;
  if (!embed) throw new Error('Expected a message with an embed');
  return embed;
}

/** Labels and placeholders of a message's components, in order. */
export function labelsOf({ components = [] }: APIMessage): string[] {
  return components.flatMap((row) =>
    'components' in row
      ? row.components.flatMap((part) => ('placeholder' in part ? [part.placeholder ?? ''] : labelOf(part)))
      : [],
  );
}

function labelOf(part: object): string[] {
  return 'label' in part && typeof part.label === 'string' ? [part.label] : [];
}

/** The options of the select with this placeholder. */
export function optionsOf({ components = [] }: APIMessage, placeholder: string) {
  for (const row of components) {
    if (!('components' in row)) continue;
    for (const part of row.components) {
      if ('options' in part && 'placeholder' in part && part.placeholder === placeholder) return part.options;
    }
  }
  throw new Error(`There is no select "${placeholder}"`);
}

export async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The CDN answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** The duration of an attachment, decoded to its end. */
export async function secondsOf(url: string): Promise<number> {
  const data = await download(url);
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-clip-'));
  try {
    const file = path.join(folder, 'clip.mp3');
    writeFileSync(file, data);
    return (await decodeAll(file)).samples.length / 16_000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The public messages of the channel, except those that users wrote. */
export function publicMessages(discord: LocalDiscord, channelId = discord.defaultChannelId): APIMessage[] {
  return discord.messages(channelId).filter(({ author }) => author.id === discord.botUserId);
}

export function silence(): FileToUpload {
  return inTempFolder((folder) => {
    const file = path.join(folder, 'silence.mp3');
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=22050:cl=mono', '-t', '20', `file:${file}`);
    return { name: 'silence.mp3', data: readFileSync(file) };
  });
}
