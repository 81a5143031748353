/** Validates single message components. message-rules.ts checks their totals.
 *  @see https://discord.com/developers/docs/components/reference */
import { ButtonStyle, ComponentType } from 'discord-api-types/v10';
import { z } from 'zod';
import { attachmentUrl, buttonUrl, emoji, mediaUrl, snowflake, text } from './field-rules.ts';

const id = z.int().min(0).max(2_147_483_647).nullish();
const customId = text(1, 100);
const disabled = z.boolean().nullish();
const spoiler = z.boolean().nullish();
const media = z.object({ url: mediaUrl });
const description = text(0, 1024).nullish();

const button = z
  .object({
    type: z.literal(ComponentType.Button),
    id,
    style: z.int().min(ButtonStyle.Primary).max(ButtonStyle.Premium),
    label: text(0, 80).nullish(),
    emoji: emoji.nullish(),
    custom_id: customId.nullish(),
    url: buttonUrl.max(512).nullish(),
    sku_id: snowflake.nullish(),
    disabled,
  })
  .superRefine((body, context) => {
    const required = { [ButtonStyle.Link]: 'url', [ButtonStyle.Premium]: 'sku_id' }[body.style] ?? 'custom_id';
    const complain = (path: string, code: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message, params: { code } });
    for (const key of ['custom_id', 'url', 'sku_id'] as const) {
      if (key === required && !body[key]) complain(key, 'BASE_TYPE_REQUIRED', 'This field is required');
      if (key !== required && body[key] && !(key === 'sku_id')) {
        complain(key, 'BUTTON_COMPONENT_FIELD_MISMATCH', `A button of style ${body.style} cannot have a ${key}`);
      }
    }
    if (body.style !== ButtonStyle.Premium && !body.label?.trim() && !body.emoji) {
      complain('label', 'BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED', 'A button needs a label or an emoji');
    }
  });

const selectFields = {
  id,
  custom_id: customId,
  placeholder: text(0, 150).nullish(),
  min_values: z.int().min(0).max(25).nullish(),
  max_values: z.int().min(1).max(25).nullish(),
  disabled,
};
const minFitsMax = (body: { min_values?: number | null | undefined; max_values?: number | null | undefined }) =>
  (body.min_values ?? 1) <= (body.max_values ?? 1);
const minOverMax = {
  path: ['min_values'],
  error: 'min_values must be at most max_values',
  params: { code: 'SELECT_COMPONENT_MIN_OVER_MAX' },
};

const stringSelect = z
  .object({
    type: z.literal(ComponentType.StringSelect),
    ...selectFields,
    options: z
      .array(
        z.object({
          label: text(1, 100),
          value: text(1, 100),
          description: text(0, 100).nullish(),
          emoji: emoji.nullish(),
          default: z.boolean().nullish(),
        }),
      )
      .min(1)
      .max(25),
  })
  .refine(minFitsMax, minOverMax)
  .superRefine(({ options, max_values }, context) => {
    const complain = (path: (string | number)[], code: string, message: string) =>
      context.addIssue({ code: 'custom', path, message, params: { code } });
    const values = options.map((option) => option.value);
    for (const [index, value] of values.entries()) {
      if (values.indexOf(value) !== index) {
        complain(
          ['options', index, 'value'],
          'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
          'The specified option value is already used',
        );
      }
    }
    if ((max_values ?? 1) > Math.max(1, options.length)) {
      complain(['max_values'], 'SELECT_COMPONENT_MAX_OVER_OPTIONS', 'max_values must be at most the number of options');
    }
    if (options.filter((option) => option.default).length > (max_values ?? 1)) {
      complain(['options'], 'SELECT_COMPONENT_TOO_MANY_DEFAULTS', 'More default options than max_values');
    }
  });

const autoSelectFields = {
  ...selectFields,
  default_values: z.array(z.object({ id: snowflake, type: z.enum(['user', 'role', 'channel']) })).nullish(),
};
const autoSelects = [
  ComponentType.UserSelect,
  ComponentType.RoleSelect,
  ComponentType.MentionableSelect,
  ComponentType.ChannelSelect,
].map((type) => z.object({ type: z.literal(type), ...autoSelectFields }).refine(minFitsMax, minOverMax));

const actionRow = z
  .object({
    type: z.literal(ComponentType.ActionRow),
    id,
    components: z
      .array(z.discriminatedUnion('type', [button, stringSelect, ...autoSelects]))
      .min(1)
      .max(5),
  })
  // A row has five cells: a button takes one, a select all.
  .refine(
    ({ components }) => components.length === 1 || components.every(({ type }) => type === ComponentType.Button),
    {
      path: ['components'],
      error: 'The specified component exceeds the maximum width',
      params: { code: 'COMPONENT_LAYOUT_WIDTH_EXCEEDED' },
    },
  );

const textDisplay = z.object({ type: z.literal(ComponentType.TextDisplay), id, content: text(1, 4000) });
const thumbnail = z.object({ type: z.literal(ComponentType.Thumbnail), id, media, description, spoiler });
const section = z.object({
  type: z.literal(ComponentType.Section),
  id,
  components: z.array(textDisplay).min(1).max(3),
  accessory: z.discriminatedUnion('type', [button, thumbnail]),
});
const mediaGallery = z.object({
  type: z.literal(ComponentType.MediaGallery),
  id,
  items: z.array(z.object({ media, description, spoiler })).min(1).max(10),
});
const file = z.object({ type: z.literal(ComponentType.File), id, file: z.object({ url: attachmentUrl }), spoiler });
const separator = z.object({
  type: z.literal(ComponentType.Separator),
  id,
  divider: z.boolean().nullish(),
  spacing: z.int().min(1).max(2).nullish(),
});
const inContainers = [actionRow, textDisplay, section, mediaGallery, file, separator] as const;
const container = z.object({
  type: z.literal(ComponentType.Container),
  id,
  accent_color: z.int().min(0).max(0xffffff).nullish(),
  spoiler,
  components: z.array(z.discriminatedUnion('type', [...inContainers])).min(1),
});

/** Without the flag IsComponentsV2: five rows. */
export const classicComponents = z.array(z.discriminatedUnion('type', [actionRow])).max(5);
/** With the flag; message-rules.ts counts all of them. */
export const componentsV2 = z.array(z.discriminatedUnion('type', [...inContainers, container])).max(40);
