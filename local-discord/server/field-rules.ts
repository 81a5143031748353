/** Field types of the validation rules. */
import { z } from 'zod';

/** Lengths are in UTF-16 units, the strictest of the plausible counts, so that valid text is also valid at Discord. Text of
 *  white space only is empty, because Discord trims it. */
export function text(minLength: number, maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((value) => value.trim().length >= minLength, {
      error: `Must be between ${minLength} and ${maxLength} in length.`,
      params: { code: 'BASE_TYPE_BAD_LENGTH' },
    });
}

/** An id. json.ts has already turned integers beyond 2^53 into strings. */
export const snowflake = z.union([z.string(), z.int()]);

function urlOf(...schemes: readonly string[]) {
  return z
    .string()
    .max(2048)
    .refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)), {
      error: `Not a well formed URL with a scheme of (${schemes.join(', ')}).`,
      params: { code: 'URL_TYPE_INVALID_URL' },
    });
}

export const webUrl = urlOf('http', 'https');
export const mediaUrl = urlOf('http', 'https', 'attachment');
export const attachmentUrl = urlOf('attachment');
export const buttonUrl = urlOf('http', 'https', 'discord');

/** A custom emoji by id, or a Unicode emoji with or without variation selector. */
export const emoji = z
  .object({ id: snowflake.nullish(), name: z.string().nullish(), animated: z.boolean().nullish() })
  .refine(({ id, name }) => Boolean(id) || isUnicodeEmoji(name ?? ''), {
    path: ['name'],
    error: 'Invalid emoji',
    params: { code: 'BUTTON_COMPONENT_INVALID_EMOJI' },
  });

function isUnicodeEmoji(name: string): boolean {
  return [name, `${name}\uFE0F`].some((form) => /^\p{RGI_Emoji}$/v.test(form));
}
