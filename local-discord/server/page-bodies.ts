/** Schemas of the page's requests (page-protocol.ts). */
import { z } from 'zod';
import type { PageAutocomplete, PageInteraction, PageOption } from '../page-protocol.ts';
import { RefusedByClient } from './refused-by-client.ts';

const option: z.ZodType<PageOption> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.int(),
    value: z.union([z.string(), z.number(), z.boolean()]).optional(),
    options: z.array(option).optional(),
  }),
) as z.ZodType<PageOption>;

const place = { channelId: z.string(), locale: z.string() };
const interaction = z.discriminatedUnion('kind', [
  z.object({ ...place, kind: z.literal('chat-command'), commandId: z.string(), options: z.array(option) }),
  z.object({ ...place, kind: z.literal('message-command'), commandId: z.string(), messageId: z.string() }),
  z.object({
    ...place,
    kind: z.literal('component'),
    messageId: z.string(),
    customId: z.string(),
    componentType: z.int(),
    values: z.array(z.string()).optional(),
  }),
  z.object({
    ...place,
    kind: z.literal('modal'),
    interactionId: z.string(),
    values: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
  }),
]);
const autocomplete = z.object({
  ...place,
  commandId: z.string(),
  options: z.array(option),
  focused: z.string(),
});
const message = z.object({ content: z.string().default(''), replyToId: z.string().optional() });
const forward = z.object({ channelId: z.string(), messageId: z.string() });

/** @throws {RefusedByClient} with the invalid fields */
export const readInteraction = (body: unknown): PageInteraction => read(interaction, body) as PageInteraction;
export const readAutocomplete = (body: unknown): PageAutocomplete => read(autocomplete, body) as PageAutocomplete;
export const readForward = (body: unknown) => read(forward, body);
export const readMessage = (body: unknown) => read(message, body);

function read<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const { data, error } = schema.safeParse(body);
  if (error) throw new RefusedByClient(`The page sent an invalid request. ${z.prettifyError(error)}`);
  return data;
}
