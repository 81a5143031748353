/** A message as data: reply builders return it and `send.ts` sends it. Plain API objects, so that a builder needs no client
 *  and a test can check every payload against Discord's limits. */
import type { APIActionRowComponent, APIComponentInMessageActionRow, APIEmbed } from 'discord-api-types/v10';

export interface ReplyFile {
  /** A readable name: desktop users see it, and the text refers to the clip by it. */
  readonly name: string;
  /** A file on this machine, or its bytes. */
  readonly content: { readonly path: string } | { readonly data: Buffer };
  /** The alt text, at most 1024 characters. */
  readonly description: string;
}

export interface Reply {
  readonly content?: string;
  readonly embeds?: readonly APIEmbed[];
  readonly components?: readonly APIActionRowComponent<APIComponentInMessageActionRow>[];
  readonly files?: readonly ReplyFile[];
}
