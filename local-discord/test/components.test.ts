import { ApplicationCommandType, ButtonStyle, ComponentType, Events, MessageFlags } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startTestBot } from './bot.ts';

const row = (...components: object[]) => ({ type: ComponentType.ActionRow, components }) as never;
const button = (label: string, extra: object = {}) => ({
  type: ComponentType.Button,
  style: ButtonStyle.Primary,
  label,
  custom_id: `id:${label}`,
  ...extra,
});
const select = {
  type: ComponentType.StringSelect,
  custom_id: 'pick',
  placeholder: 'Pick one',
  options: [
    { label: 'One', value: '1' },
    { label: 'Two', value: '2' },
  ],
};

/** A bot whose /show answers with these rows, and a user who used it. */
async function showing(rows: never[], flags = 0) {
  const bot = await startTestBot();
  await bot.onCommand({ name: 'show' }, (interaction) =>
    interaction.reply({ content: 'Look', components: rows, flags: flags as never }),
  );
  const message = await (await bot.ada.slash('show')).until(({ content }) => content === 'Look');
  return { bot, message, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe('a button', () => {
  test('pressed by its label updates its message', async () => {
    await using shown = await showing([row(button('More'))]);
    const { bot, message } = shown;
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (interaction.isButton()) await interaction.update(`pressed ${interaction.customId}`);
    });
    const press = await bot.ada.press(message, 'More');
    const updated = await press.until(({ content }) => content.startsWith('pressed'));
    expect(updated).toMatchObject({ id: message.id, content: 'pressed id:More' });
    expect(press.edits).toHaveLength(1);
  });

  test('deferred as an update leaves the message until it is edited', async () => {
    await using shown = await showing([row(button('More'))]);
    const { bot, message } = shown;
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isButton()) return;
      await interaction.deferUpdate();
      await interaction.editReply('later');
      await interaction.followUp({ content: 'for you', flags: MessageFlags.Ephemeral });
    });
    const press = await bot.ada.press(message, 'id:More');
    await press.until(({ content }) => content === 'for you');
    expect(press.original()).toMatchObject({ id: message.id, content: 'later' });
    expect(press.followups).toMatchObject([{ flags: MessageFlags.Ephemeral }]);
  });

  test('answered privately is visible only to the presser', async () => {
    await using shown = await showing([row(button('Listen'))]);
    const { bot, message } = shown;
    const eve = bot.discord.addUser({ name: 'Eve' });
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isButton()) return;
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      await interaction.editReply(`hello ${interaction.user.displayName}`);
    });
    const press = await eve.press(message, 'Listen');
    await press.until(({ content }) => content === 'hello Eve');
    expect(eve.messages()).toHaveLength(2);
    expect(bot.ada.messages()).toHaveLength(1);
  });

  test('that is disabled, removed or unknown cannot be pressed', async () => {
    await using shown = await showing([row(button('Off', { disabled: true }), button('On'))]);
    const { bot, message } = shown;
    await expect(bot.ada.press(message, 'Off')).rejects.toThrow('disabled');
    await expect(bot.ada.press(message, 'Other')).rejects.toThrow(
      'There is no "Other" on this message, only: Off, On.',
    );
    bot.discord.deleteMessage(message.channel_id, message.id);
    await expect(bot.ada.press(message, 'On')).rejects.toThrow('no such message');
  });

  test('on a private message cannot be pressed by others', async () => {
    await using shown = await showing([row(button('Mine'))], MessageFlags.Ephemeral);
    const { bot, message } = shown;
    const eve = bot.discord.addUser({ name: 'Eve' });
    await expect(eve.press(message, 'Mine')).rejects.toThrow('no such message');
    await bot.ada.press(message, 'Mine');
  });

  test('answered with a modal shows it to the user', async () => {
    await using shown = await showing([row(button('Ask'))]);
    const { bot, message } = shown;
    const input = { type: ComponentType.TextInput, custom_id: 'text', label: 'Text', style: 1 };
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isButton()) return;
      await interaction.showModal({ customId: 'm', title: 'Say', components: [row(input)] });
    });
    const press = await bot.ada.press(message, 'Ask');
    await press.ackedAtMs;
    expect(press.modal).toMatchObject({ title: 'Say' });
  });
});

describe('a select', () => {
  test('sends the chosen values', async () => {
    await using shown = await showing([row(select)]);
    const { bot, message } = shown;
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (interaction.isStringSelectMenu()) await interaction.reply(`picked ${interaction.values.join()}`);
    });
    await (await bot.ada.select(message, 'Pick one', ['2'])).until(({ content }) => content === 'picked 2');
    await expect(bot.ada.select(message, 'pick', ['3'])).rejects.toThrow('not one of the options');
    await expect(bot.ada.select(message, 'pick', ['1', '2'])).rejects.toThrow('Pick 1 to 1');
  });

  test('of channels sends the channel', async () => {
    await using shown = await showing([row({ type: ComponentType.ChannelSelect, custom_id: 'where' })]);
    const { bot, message } = shown;
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isChannelSelectMenu()) return;
      await interaction.reply(
        `to ${interaction.channels.map((channel) => channel && 'name' in channel && channel.name)}`,
      );
    });
    const press = await bot.ada.select(message, 'where', [bot.discord.defaultChannelId]);
    await press.until(({ content }) => content === 'to general');
  });
});

describe('a message’s menu', () => {
  const find = { name: 'Find', type: ApplicationCommandType.Message, description: undefined } as const;

  test('sends the whole message to a bot without the Message Content intent', async () => {
    await using bot = await startTestBot();
    const { ada, client, discord } = bot;
    await client.application.commands.create({ name: 'Find', type: ApplicationCommandType.Message });
    client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isMessageContextMenuCommand()) return;
      const { content, attachments } = interaction.targetMessage;
      await interaction.reply(`${content}: ${attachments.map(({ name, contentType }) => `${name} ${contentType}`)}`);
    });
    const file = { name: 'song.mp3', data: Buffer.from('mp3') };
    const message = await ada.post(discord.defaultChannelId, 'Hear this', [file]);
    const interaction = await ada.messageCommand(find.name, discord.defaultChannelId, message.id);
    await interaction.until(({ content }) => content === 'Hear this: song.mp3 audio/mpeg');
  });
});

describe('autocomplete', () => {
  const options = [
    { type: 3, name: 'piece', description: 'A piece', autocomplete: true },
    { type: 4, name: 'results', description: 'How many', min_value: 1, max_value: 10 },
  ];
  const answeringWith = async (choices: readonly { name: string; value: string }[]) => {
    const bot = await startTestBot();
    await bot.onCommand({ name: 'find', options: options as never }, async () => undefined);
    bot.client.on(Events.InteractionCreate, (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const seen = [
        { name: `${interaction.options.getFocused()} of ${interaction.options.getInteger('results')}`, value: '0' },
      ];
      interaction.respond([...seen, ...choices]).catch((error: unknown) => bot.errors.push(error));
    });
    return bot;
  };

  test('offers the choices of the bot', async () => {
    await using bot = await answeringWith([{ name: 'One', value: '1' }]);
    expect(await bot.ada.autocomplete('find', 'piece', 'so', { results: 3 })).toEqual([
      { name: 'so of 3', value: '0' },
      { name: 'One', value: '1' },
    ]);
  });

  test('refuses 26 choices, and the user sees that loading failed', async () => {
    await using bot = await answeringWith(Array.from({ length: 25 }, (_, n) => ({ name: `${n}`, value: `${n}` })));
    const choices = bot.ada.autocomplete('find', 'piece', 'so');
    const failed = expect(choices).rejects.toThrow('Loading options failed');
    await expect.poll(() => bot.errors).toMatchObject([{ code: 50035 }]);
    bot.discord.advance(3000);
    await failed;
  });

  test('has only options that the command has', async () => {
    await using bot = await answeringWith([]);
    await expect(bot.ada.autocomplete('find', 'other', 'x')).rejects.toThrow('There is no option "other"');
  });
});
