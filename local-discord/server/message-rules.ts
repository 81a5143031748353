/** Validates message payloads as Discord does. Pure.
 *  @see https://discord.com/developers/docs/resources/message#create-message */
import { ComponentType, MessageFlags } from 'discord-api-types/v10';
import { z } from 'zod';
import { classicComponents, componentsV2 } from './component-rules.ts';
import { componentNodes } from './component-tree.ts';
import { embedRules, embedTextLength } from './embed-rules.ts';
import { snowflake, text } from './field-rules.ts';
import { type Violation, violationsOf, violationText } from './violation.ts';

const attachmentsMax = 10;
const componentsMax = 40;
const componentTextLengthMax = 4000;
const embedTextLengthMax = 6000;

export interface PayloadFiles {
  /** The uploaded files, in the order of `files[n]`. */
  readonly files?: readonly { readonly name: string }[];
  /** Of an edit: the message's existing attachments. An edit that lists none keeps all. */
  readonly kept?: readonly { readonly id: string; readonly name: string }[];
}

const userIds = z.array(snowflake).max(100).nullish();

const common = {
  flags: z.int().min(0).nullish(),
  tts: z.boolean().nullish(),
  nonce: z.union([z.string().max(25), z.int()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  allowed_mentions: z
    .object({
      parse: z.array(z.enum(['users', 'roles', 'everyone'])).nullish(),
      users: userIds,
      roles: userIds,
      replied_user: z.boolean().nullish(),
    })
    .nullish(),
  attachments: z
    .array(
      z.object({
        id: z.union([z.string(), z.int()]),
        filename: text(1, 260).nullish(),
        description: text(0, 1024).nullish(),
      }),
    )
    .nullish(),
};

const classicMessage = z.object({
  ...common,
  content: text(0, 2000).nullish(),
  embeds: z.array(embedRules).max(10).nullish(),
  components: classicComponents.nullish(),
});

const notWithV2 = (isAbsent: (value: unknown) => boolean, field: string) =>
  z
    .unknown()
    .refine(isAbsent, {
      error: `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
      params: { code: 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2' },
    })
    .optional();

const messageV2 = z.object({
  ...common,
  content: notWithV2((value) => value === undefined || value === null || value === '', 'content'),
  embeds: notWithV2((value) => value === undefined || value === null || isEmptyList(value), 'embeds'),
  components: componentsV2.nullish(),
});

/** @param payload as sent to Discord; for an edit, with the resulting `flags`
 *  @returns a line for each violation, with the path of its field; empty for a valid payload */
export function checkMessagePayload(payload: object, files: PayloadFiles = {}): string[] {
  return findPayloadViolations(payload, files).map(violationText);
}

/** The violations as data. For an empty message (50006) see `isEmptyPayload`. */
export function findPayloadViolations(payload: object, files: PayloadFiles = {}): Violation[] {
  const { flags } = payload as { flags?: unknown };
  const isV2 = typeof flags === 'number' && Boolean(flags & MessageFlags.IsComponentsV2);
  const found = violationsOf(isV2 ? messageV2 : classicMessage, payload);
  // Totals and references are checked only in a body of the right shape.
  return found.length > 0 ? found : [...checkTotals(payload as Body), ...checkAttachments(payload as Body, files)];
}

/** Whether a new message would be empty. */
export function isEmptyPayload(payload: object, { files = [] }: PayloadFiles = {}): boolean {
  const { content, embeds, components } = payload as Body;
  return !content?.trim() && !embeds?.length && !components?.length && files.length === 0;
}

type Body = z.infer<typeof classicMessage>;

function checkTotals({ embeds, components }: Body): Violation[] {
  const found: Violation[] = [];
  const embedTextTotal = (embeds ?? []).reduce((sum, embed) => sum + embedTextLength(embed), 0);
  if (embedTextTotal > embedTextLengthMax) {
    const message = `Embed size exceeds maximum size of ${embedTextLengthMax}`;
    found.push({ path: ['embeds'], code: 'MAX_EMBED_SIZE_EXCEEDED', message });
  }
  const nodes = componentNodes(components ?? [], ['components']);
  if (nodes.length > componentsMax) {
    const message = `The maximum number of components is ${componentsMax}, got ${nodes.length}`;
    found.push({ path: ['components'], code: 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', message });
  }
  const displays = nodes.filter(({ body }) => body.type === ComponentType.TextDisplay);
  if (displays.reduce((sum, { body }) => sum + String(body.content).length, 0) > componentTextLengthMax) {
    const message = `The maximum total text length is ${componentTextLengthMax}`;
    found.push({ path: ['components'], code: 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED', message });
  }
  for (const key of ['custom_id', 'id'] as const) {
    const seen = new Set<unknown>([undefined, null, ...(key === 'id' ? [0] : [])]);
    for (const { path, body } of nodes) {
      const value = body[key];
      const isNew = !seen.has(value);
      seen.add(value);
      if (isNew || value === undefined || value === null || (key === 'id' && value === 0)) continue;
      const message = `Component ${key.replace('_', ' ')} cannot be duplicated`;
      found.push({ path: [...path, key], code: `COMPONENT_${key.toUpperCase()}_DUPLICATED`, message });
    }
  }
  return found;
}

function checkAttachments(payload: Body, { files = [], kept = [] }: PayloadFiles): Violation[] {
  const found: Violation[] = [];
  const listed = payload.attachments ?? undefined;
  const seen = new Set<string>();
  for (const [index, { id }] of (listed ?? []).entries()) {
    const isKnown = files[Number(id)] !== undefined || kept.some((attachment) => attachment.id === String(id));
    if (!isKnown || seen.has(String(id))) {
      const message = isKnown ? 'This attachment is listed twice' : 'Uploaded attachment not found';
      found.push({ path: ['attachments', index, 'id'], code: 'ATTACHMENT_NOT_FOUND', message });
    }
    seen.add(String(id));
  }
  const staying = listed === undefined ? kept : kept.filter((attachment) => seen.has(attachment.id));
  if (files.length + staying.length > attachmentsMax) {
    const message = `Must be ${attachmentsMax} or fewer in length.`;
    found.push({ path: ['attachments'], code: 'BASE_TYPE_MAX_LENGTH', message });
  }
  const names = [...staying, ...files].flatMap(({ name }) => [name, sanitizedFileName(name)]);
  const places: [(string | number)[], unknown][] = [
    [['components'], payload.components],
    [['embeds'], payload.embeds],
  ];
  for (const [path, part] of places) {
    for (const reference of attachmentReferences(part, path)) {
      if (names.includes(reference.name)) continue;
      const message = `The referenced attachment "${reference.name}" was not found`;
      found.push({ path: reference.path, code: 'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND', message });
    }
  }
  return found;
}

/** The name under which Discord stores an upload: only letters, digits, dots, dashes and underscores stay. */
export function sanitizedFileName(name: string): string {
  const kept = name.replaceAll(/\s+/g, '_').replaceAll(/[^\w.-]/g, '');
  return kept === '' || kept.startsWith('.') ? `unknown${kept}` : kept;
}

function attachmentReferences(part: unknown, path: (string | number)[]): { path: (string | number)[]; name: string }[] {
  if (typeof part === 'string') {
    const scheme = 'attachment://';
    const isUrl = ['url', 'icon_url'].includes(String(path.at(-1)));
    return isUrl && part.startsWith(scheme) ? [{ path, name: part.slice(scheme.length) }] : [];
  }
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    attachmentReferences(value, [...path, Array.isArray(part) ? Number(key) : key]),
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
