import { ButtonStyle, ComponentType, MessageFlags } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { checkMessagePayload, isEmptyPayload, sanitizedFileName } from '../server/message-rules.ts';
import { nestViolations } from '../server/violation.ts';

const row = (...components: object[]) => ({ type: ComponentType.ActionRow, components });
const button = (extra: object = {}) => ({
  type: ComponentType.Button,
  style: ButtonStyle.Primary,
  label: 'Go',
  custom_id: `id-${JSON.stringify(extra)}`,
  ...extra,
});
const options = (count: number) => Array.from({ length: count }, (_, n) => ({ label: `l${n}`, value: `v${n}` }));
const select = (extra: object = {}) => ({
  type: ComponentType.StringSelect,
  custom_id: 's',
  options: options(3),
  ...extra,
});
const v2 = (...components: object[]) => ({ flags: MessageFlags.IsComponentsV2, components });
const display = (content: string) => ({ type: ComponentType.TextDisplay, content });

describe('accepts what Discord accepts', () => {
  test.each([
    ['2000 characters', { content: 'x'.repeat(2000) }],
    ['ten embeds of 600', { embeds: Array.from({ length: 10 }, () => ({ description: 'x'.repeat(600) })) }],
    [
      'five rows of five',
      {
        components: [0, 1, 2, 3, 4].map((r) => row(...[0, 1, 2, 3, 4].map((c) => button({ custom_id: `${r}-${c}` })))),
      },
    ],
    ['a select of 25', { components: [row(select({ options: options(25), max_values: 25 }))] }],
    [
      'a link button',
      { components: [row(button({ style: ButtonStyle.Link, url: 'https://a.b/', custom_id: undefined }))] },
    ],
    ['an emoji in place of a label', { components: [row(button({ label: undefined, emoji: { name: '👍' } }))] }],
    ['an emoji without its selector', { components: [row(button({ emoji: { name: '▶' } }))] }],
    ['nulls for what is optional', { content: null, embeds: null, components: null, attachments: null }],
    [
      '39 texts and their container',
      v2({ type: ComponentType.Container, components: Array.from({ length: 39 }, () => display('x')) }),
    ],
  ])('%s', (_, payload) => expect(checkMessagePayload(payload)).toEqual([]));
});

describe('refuses what Discord refuses', () => {
  test.each([
    ['content over 2000', { content: 'x'.repeat(2001) }, 'content: Must be 2000 or fewer in length.'],
    [
      'embeds over 6000 together',
      { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2001) }] },
      'embeds: Embed size exceeds maximum size of 6000',
    ],
    [
      'eleven embeds',
      { embeds: Array.from({ length: 11 }, () => ({ title: 'x' })) },
      'embeds: Must be 10 or fewer in length.',
    ],
    ['an embed of nothing', { embeds: [{}] }, 'embeds.0.description: This field is required'],
    [
      'a field of white space',
      { embeds: [{ fields: [{ name: ' ', value: 'x' }] }] },
      'embeds.0.fields.0.name: Must be between 1 and 256 in length.',
    ],
    [
      'an image by file://',
      { embeds: [{ image: { url: 'file:///etc/passwd' } }] },
      'embeds.0.image.url: Not a well formed URL',
    ],
    [
      'six rows',
      { components: Array.from({ length: 6 }, (_, n) => row(button({ custom_id: `${n}` }))) },
      'components: Must be 5 or fewer in length.',
    ],
    [
      'six buttons in a row',
      { components: [row(...[0, 1, 2, 3, 4, 5].map((n) => button({ custom_id: `${n}` })))] },
      'components.0.components: Must be 5 or fewer in length.',
    ],
    ['an empty row', { components: [row()] }, 'components.0.components: Must be 1 or more in length.'],
    [
      'a select beside a button',
      { components: [row(select(), button())] },
      'components.0.components: The specified component exceeds the maximum width',
    ],
    [
      'a label of 81',
      { components: [row(button({ label: 'x'.repeat(81) }))] },
      'components.0.components.0.label: Must be 80 or fewer in length.',
    ],
    [
      'a custom id of 101',
      { components: [row(button({ custom_id: 'x'.repeat(101) }))] },
      'components.0.components.0.custom_id: Must be 100 or fewer in length.',
    ],
    [
      'one custom id twice',
      { components: [row(button({ custom_id: 'a' })), row(select({ custom_id: 'a' }))] },
      'components.1.components.0.custom_id: Component custom id cannot be duplicated',
    ],
    [
      'a button without custom id',
      { components: [row(button({ custom_id: undefined }))] },
      'components.0.components.0.custom_id: This field is required',
    ],
    [
      'a link with custom id',
      { components: [row(button({ style: ButtonStyle.Link, url: 'https://a.b' }))] },
      'components.0.components.0.custom_id: A button of style 5 cannot have a custom_id',
    ],
    [
      'a button that says nothing',
      { components: [row(button({ label: '' }))] },
      'components.0.components.0.label: A button needs a label or an emoji',
    ],
    [
      'a word as emoji',
      { components: [row(button({ emoji: { name: 'thumbsup' } }))] },
      'components.0.components.0.emoji.name: Invalid emoji',
    ],
    [
      '26 options',
      { components: [row(select({ options: options(26) }))] },
      'components.0.components.0.options: Must be 25 or fewer in length.',
    ],
    [
      'no options',
      { components: [row(select({ options: [] }))] },
      'components.0.components.0.options: Must be 1 or more in length.',
    ],
    [
      'one value twice',
      { components: [row(select({ options: [...options(1), ...options(1)] }))] },
      'components.0.components.0.options.1.value: The specified option value is already used',
    ],
    [
      'more to pick than there is',
      { components: [row(select({ max_values: 4 }))] },
      'components.0.components.0.max_values: max_values must be at most the number of options',
    ],
    ['a text display without its flag', { components: [display('x')] }, 'components.0.type: Value must be one of (1).'],
    [
      '41 components',
      v2({ type: ComponentType.Container, components: Array.from({ length: 40 }, () => display('x')) }),
      'components: The maximum number of components is 40, got 41',
    ],
    [
      '4001 characters of text',
      v2(display('x'.repeat(4000)), display('x')),
      'components: The maximum total text length is 4000',
    ],
    [
      'content beside Components V2',
      { ...v2(display('x')), content: 'x' },
      "content: The 'content' field cannot be used",
    ],
    [
      'a file that is not there',
      v2({ type: ComponentType.File, file: { url: 'attachment://a.mp3' } }),
      'components.0.file.url: The referenced attachment "a.mp3" was not found',
    ],
    [
      'an attachment that is not there',
      { attachments: [{ id: '0' }] },
      'attachments.0.id: Uploaded attachment not found',
    ],
    ['a nonce of 26', { nonce: 'x'.repeat(26) }, 'nonce'],
    [
      'a ping of a kind that there is not',
      { allowed_mentions: { parse: ['all'] } },
      'allowed_mentions.parse.0: Value must be one of (users, roles, everyone).',
    ],
  ])('%s', (_, payload, complaint) => {
    const complaints = checkMessagePayload(payload);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(complaint);
  });

  test('ten files and one existing file', () => {
    const files = Array.from({ length: 10 }, (_, n) => ({ name: `${n}.mp3` }));
    const kept = [{ id: '123', name: 'old.mp3' }];
    expect(checkMessagePayload({}, { files, kept })).toEqual(['attachments: Must be 10 or fewer in length.']);
    expect(checkMessagePayload({ attachments: [] }, { files, kept })).toEqual([]);
  });

  test('a picture of an attachment that the edit drops', () => {
    const embeds = [{ image: { url: 'attachment://old.png' } }];
    const kept = [{ id: '123', name: 'old.png' }];
    expect(checkMessagePayload({ embeds }, { kept })).toEqual([]);
    expect(checkMessagePayload({ embeds, attachments: [] }, { kept })).toHaveLength(1);
  });
});

test('names files as Discord stores them', () => {
  expect(sanitizedFileName('1 - yours (0:40).mp3')).toBe('1_-_yours_040.mp3');
  expect(sanitizedFileName('音楽.mp3')).toBe('unknown.mp3');
});

test('a message of white space is empty, one with a file is not', () => {
  expect(isEmptyPayload({ content: ' \n', embeds: [], components: [] })).toBe(true);
  expect(isEmptyPayload({ content: '' }, { files: [{ name: 'a.mp3' }] })).toBe(false);
});

test('nests errors by path as the body of a 50035 does', () => {
  expect(nestViolations([{ path: ['embeds', 0, 'title'], code: 'BASE_TYPE_MAX_LENGTH', message: 'Too long' }])).toEqual(
    {
      embeds: { 0: { title: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Too long' }] } } },
    },
  );
});
