/** A message as data: what reply builders return and `send.ts` sends. Plain API objects, so that a builder needs no
 *  client and a test can hold every payload against Discord's limits. */
import type { APIActionRowComponent, APIComponentInMessageActionRow, APIEmbed } from 'discord-api-types/v10';

export interface ReplyFile {
  /** Speaks: people on a desktop see it, and it is how the text names the clip. */
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
