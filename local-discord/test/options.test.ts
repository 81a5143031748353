import {
  type ChatInputCommandInteraction,
  ApplicationCommandOptionType as O,
  PermissionFlagsBits as P,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { checkOptions } from '../server/option-values.ts';
import { type Bot, startTestBot } from './bot.ts';

/** The options that the bot receives when Ada uses a command. */
async function readBy<T>(
  bot: Bot,
  options: readonly object[],
  use: () => Promise<unknown>,
  read: (interaction: ChatInputCommandInteraction) => T,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  await bot.onCommand({ name: 'set', options: options as never }, async (interaction) => {
    try {
      resolve(read(interaction));
    } catch (error) {
      reject(error);
    }
  });
  await use();
  return promise;
}

test('a subcommand is sent with its options', async () => {
  await using bot = await startTestBot();
  const count = { type: O.Integer, name: 'count', description: 'x' };
  const group = { type: O.SubcommandGroup, name: 'all', description: 'x' };
  const settings = { type: O.Subcommand, name: 'settings', description: 'x', options: [count] };
  const seen = await readBy(
    bot,
    [{ ...group, options: [settings] }],
    () => bot.ada.slash('set', { count: 3 }, { subcommand: 'all settings' }),
    ({ options }) => [options.getSubcommandGroup(), options.getSubcommand(), options.getInteger('count')],
  );
  expect(seen).toEqual(['all', 'settings', 3]);
});

test('channels, users and roles are resolved', async () => {
  await using bot = await startTestBot();
  const { discord, ada } = bot;
  const types = { where: O.Channel, who: O.User, which: O.Role, either: O.Mentionable };
  const options = Object.entries(types).map(([name, type]) => ({ name, type, description: 'x' }));
  const guildId = discord.defaultGuildId;
  const seen = await readBy(
    bot,
    options,
    () => ada.slash('set', { where: discord.defaultChannelId, who: ada.id, which: guildId, either: ada.id }),
    ({ options: given }) => [
      given.getChannel('where')?.name,
      given.getUser('who')?.username,
      given.getRole('which')?.name,
      given.getMentionable('either')?.toString(),
    ],
  );
  expect(seen).toEqual(['general', 'Ada', '@everyone', `<@${ada.id}>`]);
  await expect(ada.slash('set', { where: '1' })).rejects.toThrow('no such channel');
});

test('an interaction contains the user, their language and the permissions', async () => {
  await using bot = await startTestBot({ attachmentSizeLimitBytes: 1000 });
  const { discord } = bot;
  const max = discord.addUser({ name: 'Max', permissions: P.ManageGuild, locale: 'de' });
  discord.setPermissions(discord.defaultChannelId, 'bot', { deny: P.AttachFiles });
  const seen = await readBy(
    bot,
    [],
    () => max.slash('set'),
    ({ user, locale, memberPermissions, appPermissions, attachmentSizeLimit, guild }) => ({
      name: user.username,
      locale,
      manages: memberPermissions?.has(P.ManageGuild),
      attaches: appPermissions.has(P.AttachFiles),
      sends: appPermissions.has(P.SendMessages),
      attachmentSizeLimit,
      guild: guild?.name,
    }),
  );
  expect(seen).toEqual({
    name: 'Max',
    locale: 'de',
    manages: true,
    attaches: false,
    sends: true,
    attachmentSizeLimit: 1000,
    guild: 'Local server',
  });
});

describe('a person fills in', () => {
  const text = (extra: object = {}) => ({ type: O.String, name: 'text', description: 'x', ...extra }) as never;
  const given = (value: string | number | boolean) => [{ name: 'text', type: O.String, value }];

  test.each([
    ['nothing where something is required', text({ required: true }), [], 'The option "text" is required.'],
    ['a number for a text', text(), given(1), 'Expected a text.'],
    ['too much', text({ max_length: 2 }), given('abc'), 'At most 2 characters.'],
    ['too little', text({ min_length: 2 }), given('a'), 'At least 2 characters.'],
    ['what is no choice', text({ choices: [{ name: 'A', value: 'a' }] }), given('b'), 'Expected one of the choices.'],
    ['one option twice', text(), [...given('a'), ...given('b')], 'is given twice'],
    ['a text for yes or no', { type: O.Boolean, name: 'text', description: 'x' } as never, given('true'), 'yes or no'],
  ])('not %s', (_, definition, options, complaint) => {
    expect(() => checkOptions([definition], options)).toThrow(complaint);
  });

  test('fewer while an option is typed', () => {
    const options = [text({ required: true, name: 'other' }), text({ autocomplete: true })];
    expect(checkOptions(options, given(''), 'text')).toMatchObject([{ name: 'text', value: '', focused: true }]);
  });
});
