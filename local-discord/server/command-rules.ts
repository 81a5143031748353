/** Validates application commands.
 *  @see https://discord.com/developers/docs/interactions/application-commands#application-command-object */
import { ApplicationCommandType, Locale, ApplicationCommandOptionType as O } from 'discord-api-types/v10';
import { z } from 'zod';
import { text } from './field-rules.ts';
import { type Violation, violationsOf } from './violation.ts';

const charactersMax = 8000;

const nameMessage = { error: 'Command name is invalid', params: { code: 'APPLICATION_COMMAND_INVALID_NAME' } };
/** Names of chat commands, options and their translations: lower case where the script has case. */
const typedName = z
  .string()
  .regex(/^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u, { error: 'String value did not match validation regex.' })
  .refine((name) => name === name.toLowerCase(), nameMessage);

const localized = (rule: z.ZodType) =>
  z.partialRecord(z.enum(Object.values(Locale) as [Locale, ...Locale[]]), rule.nullish()).nullish();

const described = {
  name: typedName,
  name_localizations: localized(typedName),
  description: text(1, 100),
  description_localizations: localized(text(1, 100)),
};

const choiceOf = (value: z.ZodType) =>
  z
    .array(z.object({ name: text(1, 100), name_localizations: localized(text(1, 100)), value }))
    .max(25)
    .refine((choices) => isUnique(choices.map(({ name }) => name)), {
      error: 'Choice names must be unique',
      params: { code: 'APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED' },
    })
    .nullish();

const valueOption = { ...described, required: z.boolean().nullish() };
const autocomplete = z.boolean().nullish();
const length = (min: number) => z.int().min(min).max(6000).nullish();
const number = z
  .number()
  .min(-(2 ** 53))
  .max(2 ** 53);

const completesOrChooses = (option: { autocomplete?: boolean | null | undefined; choices?: unknown }) =>
  !(option.autocomplete && Array.isArray(option.choices) && option.choices.length > 0);
const completesAndChooses = {
  path: ['autocomplete'],
  error: 'Autocomplete cannot be used with choices',
  params: { code: 'APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES' },
};

const extensionOrGroup = z.string().regex(/^(audio|image|video|\.[a-z0-9]{1,16})$/i, { error: 'Invalid file type' });

const plainOptions = [O.Boolean, O.User, O.Role, O.Mentionable].map((type) =>
  z.object({ type: z.literal(type), ...valueOption }),
);
const stringOption = z
  .object({
    type: z.literal(O.String),
    ...valueOption,
    choices: choiceOf(text(1, 100)),
    min_length: length(0),
    max_length: length(1),
    autocomplete,
  })
  .refine(completesOrChooses, completesAndChooses);
const numberOptions = [O.Integer, O.Number].map((type) =>
  z
    .object({
      type: z.literal(type),
      ...valueOption,
      choices: choiceOf(type === O.Integer ? z.int() : number),
      min_value: number.nullish(),
      max_value: number.nullish(),
      autocomplete,
    })
    .refine(completesOrChooses, completesAndChooses),
);
const channelOption = z.object({
  type: z.literal(O.Channel),
  ...valueOption,
  channel_types: z.array(z.int()).nullish(),
});
const attachmentOption = z.object({
  type: z.literal(O.Attachment),
  ...valueOption,
  file_types: z.array(extensionOrGroup).max(10).nullish(),
});
const valueOptions = [stringOption, ...numberOptions, channelOption, attachmentOption, ...plainOptions] as const;

/** At most 25 options, with unique names, required ones first. */
const optionList = <T extends z.ZodType>(option: T) =>
  z
    .array(option)
    .max(25)
    .superRefine((options, context) => {
      const complain = (index: number, key: string, code: string, message: string) =>
        context.addIssue({ code: 'custom', path: [index, key], message, params: { code } });
      const all = options as readonly { name: string; required?: boolean | null }[];
      for (const [index, { name, required }] of all.entries()) {
        const before = all.slice(0, index);
        if (before.some((other) => other.name === name)) {
          complain(index, 'name', 'APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED', 'Option name is already used');
        }
        if (required && before.some((other) => !other.required)) {
          const message = 'Required options must be placed before non-required options';
          complain(index, 'required', 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', message);
        }
      }
    })
    .nullish();

const anyValueOption = z.discriminatedUnion('type', [...valueOptions]);
const subcommand = z.object({ type: z.literal(O.Subcommand), ...described, options: optionList(anyValueOption) });
const subcommandGroup = z.object({
  type: z.literal(O.SubcommandGroup),
  ...described,
  options: optionList(subcommand),
});
const anyOption = z.discriminatedUnion('type', [...valueOptions, subcommand, subcommandGroup]);

const shared = {
  /** Discord's API description says integer, its documentation a string of digits. Both are accepted. */
  default_member_permissions: z.union([z.string().regex(/^\d+$/), z.int().min(0)]).nullish(),
  dm_permission: z.boolean().nullish(),
  contexts: z.array(z.int().min(0).max(2)).nullish(),
  integration_types: z.array(z.int().min(0).max(1)).nullish(),
  nsfw: z.boolean().nullish(),
};

const chatCommand = z
  .object({
    type: z.literal(ApplicationCommandType.ChatInput).optional(),
    ...described,
    ...shared,
    options: optionList(anyOption),
  })
  .refine(({ options }) => !mixesSubcommands((options ?? []) as { type: O }[]), {
    path: ['options'],
    error: 'Sub-command and sub-command group option types are mutually exclusive to all other types',
    params: { code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID' },
  });

const menuCommand = z.object({
  type: z.literal([ApplicationCommandType.User, ApplicationCommandType.Message]),
  name: text(1, 32),
  name_localizations: localized(text(1, 32)),
  description: z
    .string()
    .refine((value) => value === '', {
      error: 'Context menu commands cannot have description',
      params: { code: 'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION' },
    })
    .nullish(),
  options: z.array(z.unknown()).max(0).nullish(),
  ...shared,
});

/** @param body one command as it would be registered */
export function findCommandViolations(body: unknown): Violation[] {
  const type = (body as { readonly type?: unknown } | null)?.type ?? ApplicationCommandType.ChatInput;
  const isChat = type === ApplicationCommandType.ChatInput;
  const found = violationsOf(isChat ? chatCommand : menuCommand, body);
  if (found.length > 0 || commandLength(body) <= charactersMax) return found;
  const message = `Command exceeds maximum size (${charactersMax})`;
  return [{ path: [], code: 'APPLICATION_COMMAND_TOO_LARGE', message }];
}

/** Names, descriptions and values of the command, its options and choices; of each text the longest translation. */
function commandLength(node: unknown): number {
  if (Array.isArray(node)) return node.reduce((sum: number, item) => sum + commandLength(item), 0);
  if (typeof node !== 'object' || node === null) return 0;
  const fields = node as Readonly<Record<string, unknown>>;
  const own = ['name', 'description', 'value'].map((key) => {
    const translations = Object.values(fields[`${key}_localizations`] ?? {});
    return Math.max(...[fields[key], ...translations].map((value) => (typeof value === 'string' ? value.length : 0)));
  });
  return own.reduce((sum, count) => sum + count, 0) + commandLength(fields.options) + commandLength(fields.choices);
}

function mixesSubcommands(options: readonly { readonly type: O }[]): boolean {
  const isSub = ({ type }: { readonly type: O }) => type === O.Subcommand || type === O.SubcommandGroup;
  return options.some(isSub) && !options.every(isSub);
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
