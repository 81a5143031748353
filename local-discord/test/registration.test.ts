import {
  ApplicationCommandType,
  ApplicationCommandOptionType as O,
  PermissionFlagsBits,
  SlashCommandBuilder,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { findCommandViolations } from '../server/command-rules.ts';
import { violationText } from '../server/violation.ts';
import { startTestBot } from './bot.ts';

const option = (name: string, extra: object = {}) => ({ type: O.String, name, description: 'x', ...extra });
const command = (extra: object = {}) => ({ name: 'similar', description: 'Find', ...extra });
const choices = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `n${n}`, value: `v${n}` }));

describe('takes', () => {
  test.each([
    ['a plain command', command()],
    ['25 options', command({ options: Array.from({ length: 25 }, (_, n) => option(`o${n}`)) })],
    ['file types', command({ options: [option('clip', { type: O.Attachment, file_types: ['audio', '.xm'] })] })],
    ['names of other scripts', command({ name: 'ähnlich', name_localizations: { de: 'ähnlich', ja: '似ている' } })],
    [
      'subcommands',
      command({ options: [{ type: O.Subcommand, name: 'status', description: 'x', options: [option('a')] }] }),
    ],
    ['a menu command', { type: ApplicationCommandType.Message, name: 'Find similar music' }],
  ])('%s', (_, body) => expect(findCommandViolations(body)).toEqual([]));
});

describe('refuses', () => {
  test.each([
    ['capitals in a chat command', command({ name: 'Similar' }), 'name: Command name is invalid'],
    ['spaces in a chat command', command({ name: 'find similar' }), 'name'],
    ['33 characters', command({ name: 'x'.repeat(33) }), 'name'],
    ['no description', { name: 'similar' }, 'description: This field is required'],
    [
      '101 characters of description',
      command({ description: 'x'.repeat(101) }),
      'description: Must be 100 or fewer in length.',
    ],
    ['a language that Discord lacks', command({ name_localizations: { de_DE: 'x' } }), 'name_localizations'],
    [
      '26 options',
      command({ options: Array.from({ length: 26 }, (_, n) => option(`o${n}`)) }),
      'options: Must be 25 or fewer',
    ],
    [
      'one option twice',
      command({ options: [option('a'), option('a')] }),
      'options.1.name: Option name is already used',
    ],
    [
      'a required option after others',
      command({ options: [option('a'), option('b', { required: true })] }),
      'options.1.required: Required options must be placed before',
    ],
    [
      '26 choices',
      command({ options: [option('a', { choices: choices(26) })] }),
      'options.0.choices: Must be 25 or fewer',
    ],
    [
      'choices with autocomplete',
      command({ options: [option('a', { choices: choices(1), autocomplete: true })] }),
      'options.0.autocomplete',
    ],
    [
      'a subcommand beside an option',
      command({ options: [option('a'), { type: O.Subcommand, name: 'b', description: 'x' }] }),
      'options: Sub-command',
    ],
    [
      'over 8000 characters',
      command({
        options: Array.from({ length: 25 }, (_, n) =>
          option(`o${n}`, { choices: Array.from({ length: 4 }, (_, c) => ({ name: `${c}`, value: 'v'.repeat(80) })) }),
        ),
      }),
      'Command exceeds maximum size (8000)',
    ],
    [
      'a described menu command',
      { type: ApplicationCommandType.Message, name: 'Find', description: 'x' },
      'description: Context menu',
    ],
    [
      'a file type without its dot',
      command({ options: [option('clip', { type: O.Attachment, file_types: ['mp3'] })] }),
      'options.0.file_types.0',
    ],
  ])('%s', (_, body, complaint) => {
    const found = findCommandViolations(body).map(violationText);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(complaint);
  });
});

test('an overwrite keeps the ids of commands with the same name, and deletes the others', async () => {
  await using bot = await startTestBot();
  const { commands } = bot.client.application;
  const before = await commands.set([command(), command({ name: 'about' })]);
  const after = await commands.set([command({ description: 'Find again' }), command({ name: 'library' })]);
  const id = (list: typeof before, name: string) => list.find((found) => found.name === name)?.id;
  expect(id(after, 'similar')).toBe(id(before, 'similar'));
  expect((await commands.fetch()).map(({ name }) => name).sort()).toEqual(['library', 'similar']);
});

test('translations are returned only on request', async () => {
  await using bot = await startTestBot();
  const { application, rest } = bot.client;
  await application.commands.create(command({ nameLocalizations: { de: 'ähnlich' } }) as never);
  const get = (query: string) => rest.get(`/applications/${application.id}/commands?${query}`);
  expect(await get('with_localizations=true')).toMatchObject([{ name_localizations: { de: 'ähnlich' } }]);
  expect(JSON.stringify(await get(''))).not.toContain('ähnlich');
});

test("commands from discord.js's builders are returned without the fields that are false by default", async () => {
  await using bot = await startTestBot();
  const { application, rest } = bot.client;
  const body = new SlashCommandBuilder()
    .setName('similar')
    .setDescription('Find')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .addAttachmentOption((clip) =>
      clip.setName('clip').setDescription('A clip').setFileTypes('audio').setRequired(true),
    )
    .addIntegerOption((results) => results.setName('results').setDescription('How many').setMinValue(1).setMaxValue(10))
    .toJSON();
  await application.commands.set([body]);
  const [clip, results] = JSON.parse(JSON.stringify(body.options));
  expect(results.required).toBe(false);
  delete results.required;
  expect(await rest.get(`/applications/${application.id}/commands`)).toMatchObject([
    { name: 'similar', default_member_permissions: '32', options: [clip, results] },
  ]);
});

test('an invalid set changes nothing', async () => {
  await using bot = await startTestBot();
  const { commands } = bot.client.application;
  await commands.set([command()]);
  await expect(commands.set([command({ name: 'fine' }), command({ name: 'Not fine' })])).rejects.toMatchObject({
    code: 50035,
  });
  await expect(commands.set([command(), command()])).rejects.toMatchObject({ code: 50035 });
  expect((await commands.fetch()).map(({ name }) => name)).toEqual(['similar']);
});

describe('the permission to use a command', () => {
  test('is limited by default_member_permissions, except for administrators', async () => {
    await using bot = await startTestBot();
    const { ada, discord } = bot;
    const { ManageGuild } = PermissionFlagsBits;
    const manager = discord.addUser({ name: 'Max', permissions: ManageGuild });
    const admin = discord.addUser({ name: 'Root', admin: true });
    const nobody = { defaultMemberPermissions: '0' };
    await bot.onCommand({ name: 'library', default_member_permissions: String(ManageGuild) }, (i) => i.reply('ok'));
    await bot.client.application.commands.create({ name: 'locked', description: 'x', ...nobody } as never);
    await expect(ada.slash('library')).rejects.toThrow('no command library for Ada');
    await (await manager.slash('library')).until(({ content }) => content === 'ok');
    await expect(manager.slash('locked')).rejects.toThrow('no command locked');
    await admin.slash('locked');
  });

  test('is refused to everyone in a channel without Use Application Commands', async () => {
    await using bot = await startTestBot();
    const { ada, discord } = bot;
    await bot.onCommand({ name: 'echo' }, (interaction) => interaction.reply('ok'));
    discord.setPermissions(discord.defaultChannelId, ada.id, { deny: PermissionFlagsBits.UseApplicationCommands });
    await expect(ada.slash('echo')).rejects.toThrow('may not use commands here');
  });
});

describe("a user's file", () => {
  const options = [
    { type: O.Attachment, name: 'clip', description: 'x', file_types: ['audio'] },
    { type: O.Integer, name: 'results', description: 'x', min_value: 1, max_value: 10 },
  ];
  test.each([
    ['a number over its maximum', { results: 11 }, 'results: Expected a number from 1 to 10.'],
    ['a fraction for a whole number', { results: 1.5 }, 'results: Expected a whole number.'],
    ['an option that there is not', { other: 'x' }, 'There is no option "other".'],
    [
      'a file of another type',
      { clip: { name: 'a.txt', data: Buffer.from('x') } },
      'clip: Only these files are taken here: audio.',
    ],
    ['a file over the limit', { clip: { name: 'a.mp3', data: Buffer.alloc(10 * 1024 * 1024 + 1) } }, 'too powerful'],
  ])('is not %s', async (_, given, complaint) => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'similar', options: options as never }, (interaction) => interaction.reply('ok'));
    await expect(bot.ada.slash('similar', given)).rejects.toThrow(complaint);
    expect(bot.discord.log.some(({ path }) => path.includes('callback'))).toBe(false);
  });

  test('may be a file with a wrong extension', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'similar', options: options as never }, (interaction) =>
      interaction.reply(`${interaction.options.getAttachment('clip', true).contentType}`),
    );
    const lie = { name: 'song.MP3', data: Buffer.from('text'), contentType: 'text/plain' };
    await (await bot.ada.slash('similar', { clip: lie })).until(({ content }) => content === 'text/plain');
  });
});
