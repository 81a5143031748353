/** Validates the first response to an interaction: which types are allowed, and their data, except messages.
 *  @see https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object */
import { MessageFlags, InteractionResponseType as R, InteractionType as T } from 'discord-api-types/v10';
import { z } from 'zod';
import { text } from './field-rules.ts';
import { modalRules } from './modal-rules.ts';
import { type Violation, violationsOf } from './violation.ts';

const messages = [R.ChannelMessageWithSource, R.DeferredChannelMessageWithSource];
const suitable: Readonly<Partial<Record<T, readonly R[]>>> = {
  [T.ApplicationCommand]: [...messages, R.Modal],
  [T.MessageComponent]: [...messages, R.DeferredMessageUpdate, R.UpdateMessage, R.Modal],
  [T.ApplicationCommandAutocomplete]: [R.ApplicationCommandAutocompleteResult],
  [T.ModalSubmit]: [...messages, R.DeferredMessageUpdate, R.UpdateMessage],
};

const choice = z.object({ name: text(1, 100), value: z.union([z.string().max(100), z.number()]) });

const dataRules: Readonly<Partial<Record<R, z.ZodType>>> = {
  // A deferral decides only who sees the reply. The edit sets Components V2.
  [R.DeferredChannelMessageWithSource]: z
    .object({
      flags: z
        .int()
        .refine((flags) => (flags & ~MessageFlags.Ephemeral) === 0, {
          error: 'Only the flag EPHEMERAL is valid when deferring',
          params: { code: 'MESSAGE_FLAGS_INVALID' },
        })
        .nullish(),
    })
    .nullish(),
  [R.ApplicationCommandAutocompleteResult]: z.object({ choices: z.array(choice).max(25) }),
  [R.Modal]: modalRules,
};

/** @param type of the interaction that is answered */
export function callbackViolations(type: T, body: { readonly type: R; readonly data?: unknown }): Violation[] {
  const allowed = suitable[type] ?? [];
  if (!allowed.includes(body.type)) {
    const message = `Value must be one of (${allowed.join(', ')}).`;
    return [{ path: ['type'], code: 'BASE_TYPE_CHOICES', message }];
  }
  const rules = dataRules[body.type];
  const found = rules ? violationsOf(rules, body.data) : [];
  return found.map((violation) => ({ ...violation, path: ['data', ...violation.path] }));
}
