/** Validates modals.
 *  @see https://discord.com/developers/docs/components/reference */
import { ComponentType as C } from 'discord-api-types/v10';
import { z } from 'zod';
import { emoji, snowflake, text } from './field-rules.ts';

const id = z.int().min(0).max(2_147_483_647).nullish();
const shared = { id, custom_id: text(1, 100), required: z.boolean().nullish() };
const counts = (max: number) => ({
  min_values: z.int().min(0).max(max).nullish(),
  max_values: z.int().min(1).max(max).nullish(),
});

const textInput = z.object({
  type: z.literal(C.TextInput),
  ...shared,
  style: z.literal([1, 2]),
  label: text(1, 45).nullish(),
  min_length: z.int().min(0).max(4000).nullish(),
  max_length: z.int().min(1).max(4000).nullish(),
  value: text(0, 4000).nullish(),
  placeholder: text(0, 100).nullish(),
});
const labelled = textInput.extend({ label: text(1, 45) });

const option = z.object({
  label: text(1, 100),
  value: text(1, 100),
  description: text(0, 100).nullish(),
  emoji: emoji.nullish(),
  default: z.boolean().nullish(),
});
const placeholder = text(0, 150).nullish();
const stringSelect = z.object({
  type: z.literal(C.StringSelect),
  ...shared,
  ...counts(25),
  placeholder,
  options: z.array(option).min(1).max(25),
});
const autoSelect = z.object({
  type: z.literal([C.UserSelect, C.RoleSelect, C.MentionableSelect, C.ChannelSelect]),
  ...shared,
  ...counts(25),
  placeholder,
  channel_types: z.array(z.int()).nullish(),
  default_values: z.array(z.object({ id: snowflake, type: z.enum(['user', 'role', 'channel']) })).nullish(),
});
const fileUpload = z.object({ type: z.literal(C.FileUpload), ...shared, ...counts(10) });
const radioGroup = z.object({ type: z.literal(C.RadioGroup), ...shared, options: z.array(option).min(2).max(10) });
const checkboxGroup = z.object({
  type: z.literal(C.CheckboxGroup),
  ...shared,
  ...counts(10),
  options: z.array(option).min(1).max(10),
});
const checkbox = z.object({ type: z.literal(C.Checkbox), id, custom_id: text(1, 100), default: z.boolean().nullish() });

const label = z.object({
  type: z.literal(C.Label),
  id,
  label: text(1, 45),
  description: text(0, 100).nullish(),
  component: z.discriminatedUnion('type', [
    textInput,
    stringSelect,
    autoSelect,
    fileUpload,
    radioGroup,
    checkboxGroup,
    checkbox,
  ]),
});
/** The older form, for text inputs only. */
const row = z.object({ type: z.literal(C.ActionRow), id, components: z.array(labelled).length(1) });
const textDisplay = z.object({ type: z.literal(C.TextDisplay), id, content: text(1, 4000) });

export const modalRules = z
  .object({
    title: text(1, 45),
    custom_id: text(1, 100),
    components: z
      .array(z.discriminatedUnion('type', [label, row, textDisplay]))
      .min(1)
      .max(5),
  })
  .superRefine(({ components }, context) => {
    const ids = components.flatMap((each) => {
      if (each.type === C.Label) return [each.component.custom_id];
      return each.type === C.ActionRow ? each.components.map((input) => input.custom_id) : [];
    });
    for (const [index, customId] of ids.entries()) {
      if (ids.indexOf(customId) === index) continue;
      const message = 'Component custom id cannot be duplicated';
      context.addIssue({
        code: 'custom',
        path: ['components'],
        message,
        params: { code: 'COMPONENT_CUSTOM_ID_DUPLICATED' },
      });
    }
  });

export type Modal = z.infer<typeof modalRules>;
