/** Modals: what a bot may open, what a user may submit, and what the bot receives. */
import {
  type Interaction as BotInteraction,
  ComponentType as C,
  Events,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { callbackViolations } from '../server/callback-rules.ts';
import { violationText } from '../server/violation.ts';
import { startTestBot } from './bot.ts';

const textInput = { type: C.TextInput, custom_id: 'title', style: 1, min_length: 2, max_length: 10 };
const label = (component: object) => ({ type: C.Label, label: 'A field', component });
const row = { type: C.ActionRow, components: [{ ...textInput, custom_id: 'old', label: 'Old', required: false }] };
const options = ['a', 'b', 'c'].map((value) => ({ label: value.toUpperCase(), value }));
const modal = (components: readonly object[]) => ({ title: 'A form', custom_id: 'form', components });

/** A bot whose /ask and button open the modal. */
async function withForm(components: readonly object[]) {
  const bot = await startTestBot();
  const submitted = Promise.withResolvers<ModalSubmitInteraction>();
  await bot.client.application.commands.create({ name: 'ask', description: 'x' });
  bot.client.on(Events.InteractionCreate, async (interaction: BotInteraction) => {
    if (interaction.isModalSubmit()) submitted.resolve(interaction);
    else if (interaction.isChatInputCommand() || interaction.isButton()) {
      await interaction.showModal(modal(components) as never).catch((error: unknown) => bot.errors.push(error));
    }
  });
  const opened = await bot.ada.slash('ask');
  await opened.ackedAtMs;
  return { ...bot, opened, submitted: submitted.promise, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

test('sends what a user wrote, and is answered with a message', async () => {
  await using given = await withForm([label(textInput), row, { type: C.TextDisplay, content: 'Read this' }]);
  const { ada, opened, discord } = given;
  expect(opened.modal?.title).toBe('A form');
  const sent = await ada.submit(opened, { title: 'Hello', old: '' });
  const interaction = await given.submitted;
  expect(interaction.customId).toBe('form');
  expect(interaction.fields.getTextInputValue('title')).toBe('Hello');
  expect(interaction.fields.getTextInputValue('old')).toBe('');
  await interaction.reply({ content: 'Thanks', flags: MessageFlags.Ephemeral });
  const reply = await sent.until(({ content }) => content === 'Thanks');
  expect(reply.interaction_metadata).toMatchObject({
    type: 5,
    triggering_interaction_metadata: { id: opened.id, type: 2 },
  });
  expect(discord.violations).toEqual([]);
});

test('sends choices, users and files with their resolved objects', async () => {
  await using given = await withForm([
    label({ type: C.StringSelect, custom_id: 'pick', options, max_values: 2 }),
    label({ type: C.UserSelect, custom_id: 'who' }),
    label({ type: C.FileUpload, custom_id: 'clip' }),
    label({ type: C.CheckboxGroup, custom_id: 'many', options }),
    label({ type: C.Checkbox, custom_id: 'sure', default: true }),
  ]);
  const { ada, opened } = given;
  const clip = { name: 'song.mp3', data: Buffer.from('x') };
  await ada.submit(opened, { pick: ['a', 'c'], who: [ada.id], clip, many: ['b'] });
  const { fields } = await given.submitted;
  expect(fields.getStringSelectValues('pick')).toEqual(['a', 'c']);
  expect(fields.getSelectedUsers('who')?.map(({ id }) => id)).toEqual([ada.id]);
  expect(fields.getUploadedFiles('clip')?.map(({ name }) => name)).toEqual(['song.mp3']);
  expect(fields.getField('many')).toMatchObject({ values: ['b'] });
  expect(fields.getField('sure')).toMatchObject({ value: true });
});

test('opened by a button contains the message, and can update it', async () => {
  await using given = await startTestBot();
  const { client, ada, discord } = given;
  const button = { type: C.Button, style: 1, label: 'Open', custom_id: 'open' };
  client.on(Events.InteractionCreate, async (interaction) => {
    if (interaction.isButton()) await interaction.showModal(modal([label(textInput)]) as never);
    if (interaction.isModalSubmit() && interaction.isFromMessage()) {
      await interaction.update({ content: interaction.fields.getTextInputValue('title'), components: [] });
    }
  });
  const path = `/channels/${discord.defaultChannelId}/messages` as const;
  await client.rest.post(path, { body: { components: [{ type: C.ActionRow, components: [button] }] } });
  const [message] = ada.messages();
  const pressed = await ada.press(message as never, 'Open');
  await pressed.ackedAtMs;
  const sent = await ada.submit(pressed, { title: 'Updated' });
  await sent.ackedAtMs;
  expect(ada.messages()).toMatchObject([{ id: message?.id, content: 'Updated', components: [] }]);
  expect(discord.violations).toEqual([]);
});

test.each([
  ['an empty required field', { title: '' }, 'required'],
  ['a text that is too short', { title: 'x' }, 'At least 2'],
  ['a text that is too long', { title: 'x'.repeat(11) }, 'At most 10'],
])('is not sent with %s, and stays open', async (_, values, words) => {
  await using given = await withForm([label(textInput)]);
  const { ada, opened } = given;
  await expect(ada.submit(opened, values)).rejects.toThrow(words);
  await ada.submit(opened, { title: 'Right' });
  await expect(ada.submit(opened, { title: 'Twice' })).rejects.toThrow('no longer exists');
});

test('can be submitted only by the user who opened it', async () => {
  await using given = await withForm([label(textInput)]);
  const eve = given.discord.addUser({ name: 'Eve' });
  await expect(eve.submit(given.opened, { title: 'Mine' })).rejects.toThrow('no longer exists');
});

test.each([
  ['no choice where one is required', [], 'Pick 1 to 1'],
  ['two choices where one is the most', ['a', 'b'], 'Pick 1 to 1'],
  ['a choice that is not offered', ['z'], 'not one of the options'],
])('refuses %s', async (_, values, words) => {
  await using given = await withForm([label({ type: C.StringSelect, custom_id: 'pick', options })]);
  await expect(given.ada.submit(given.opened, { pick: values })).rejects.toThrow(words);
});

describe('a bot may not open a modal', () => {
  const refused = (components: readonly object[], extra: object = {}) =>
    callbackViolations(2, { type: 9, data: { ...modal(components), ...extra } }).map(violationText);

  test.each([
    ['without fields', [], {}, 'data.components'],
    [
      'with six',
      Array.from({ length: 6 }, (_, n) => label({ ...textInput, custom_id: `${n}` })),
      {},
      'data.components',
    ],
    ['with a long title', [label(textInput)], { title: 'x'.repeat(46) }, 'data.title'],
    ['with a button', [label({ type: C.Button, style: 1, custom_id: 'x', label: 'x' })], {}, 'data.components.0'],
    ['with two fields of one id', [label(textInput), label(textInput)], {}, 'custom id cannot be duplicated'],
    ['with a row that has no label', [{ type: C.ActionRow, components: [textInput] }], {}, 'label'],
    ['with eleven files', [label({ type: C.FileUpload, custom_id: 'x', max_values: 11 })], {}, 'max_values'],
  ])('%s', (_, components, extra, where) => {
    expect(refused(components, extra).join('\n')).toContain(where);
  });

  test('unless it is valid', () => {
    expect(refused([label(textInput), row])).toEqual([]);
  });
});
