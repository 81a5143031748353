/** Validates embeds.
 *  @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
import { z } from 'zod';
import { mediaUrl, text, webUrl } from './field-rules.ts';

const media = z.object({ url: mediaUrl }).nullish();

const field = z.object({ name: text(1, 256), value: text(1, 1024), inline: z.boolean().nullish() });

export const embedRules = z
  .object({
    title: text(0, 256).nullish(),
    description: text(0, 4096).nullish(),
    url: webUrl.nullish(),
    timestamp: z
      .string()
      .refine((value) => !Number.isNaN(Date.parse(value)), {
        error: 'Could not parse as a time.',
        params: { code: 'DATE_TIME_TYPE_PARSE' },
      })
      .nullish(),
    color: z.int().min(0).max(0xffffff).nullish(),
    footer: z.object({ text: text(0, 2048), icon_url: mediaUrl.nullish() }).nullish(),
    image: media,
    thumbnail: media,
    author: z.object({ name: text(1, 256), url: webUrl.nullish(), icon_url: mediaUrl.nullish() }).nullish(),
    fields: z.array(field).max(25).nullish(),
  })
  .refine((embed) => Object.values(embed).some((value) => value !== undefined && value !== null && value !== ''), {
    path: ['description'],
    error: 'This field is required',
    params: { code: 'BASE_TYPE_REQUIRED' },
  });

type EmbedBody = z.infer<typeof embedRules>;

/** Number of characters that count towards the limit of 6000 per message. */
export function embedTextLength(embed: EmbedBody): number {
  const texts = [embed.title, embed.description, embed.footer?.text, embed.author?.name];
  for (const { name, value } of embed.fields ?? []) texts.push(name, value);
  return texts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
}
