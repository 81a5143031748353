/** An oceanic.js bot at the local Discord: commands, components, modals and a resumed session. */
import {
  ApplicationCommandOptionTypes,
  ApplicationCommandTypes,
  ButtonStyles,
  Client,
  type CommandInteraction,
  type ComponentInteraction,
  ComponentTypes,
  InteractionTypes,
  type ModalSubmitInteraction,
  TextInputStyles,
} from 'oceanic.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord.ts';

let discord: LocalDiscord;
let client: Client;
let ada: Person;
const errors: unknown[] = [];
const seen: string[] = [];

const row = (...components: object[]) => ({ type: ComponentTypes.ACTION_ROW, components }) as never;

async function onCommand(interaction: CommandInteraction): Promise<void> {
  if (interaction.data.name === 'panel') {
    await interaction.createMessage({
      content: 'A panel',
      components: [
        row(
          { type: ComponentTypes.BUTTON, style: ButtonStyles.PRIMARY, label: 'Press', customID: 'press' },
          { type: ComponentTypes.BUTTON, style: ButtonStyles.PRIMARY, label: 'Write', customID: 'write' },
        ),
        row({
          type: ComponentTypes.STRING_SELECT,
          customID: 'pick',
          placeholder: 'Pick',
          options: [
            { label: 'One', value: 'one' },
            { label: 'Two', value: 'two' },
          ],
        }),
      ],
    });
    return;
  }
  await interaction.defer();
  const clip = interaction.data.options.getAttachment('clip', true);
  const contents = Buffer.from(await (await fetch(clip.url)).arrayBuffer()).reverse();
  await interaction.editOriginal({ content: clip.filename, files: [{ name: 'answer.bin', contents }] });
  await interaction.createFollowup({ content: 'More' });
}

async function onComponent(interaction: ComponentInteraction): Promise<void> {
  const { data } = interaction;
  if ('values' in data) await interaction.createMessage({ content: `picked ${data.values.raw.join(', ')}` });
  else if (data.customID === 'press') await interaction.editParent({ content: 'pressed' });
  else {
    const input = { type: ComponentTypes.TEXT_INPUT, customID: 'name', label: 'Name', style: TextInputStyles.SHORT };
    await interaction.createModal({ title: 'A form', customID: 'form', components: [row(input)] });
  }
}

async function onModal(interaction: ModalSubmitInteraction): Promise<void> {
  await interaction.createMessage({ content: `Hello ${interaction.data.components.getTextInput('name')}` });
}

beforeAll(async () => {
  discord = await startLocalDiscord();
  ada = discord.addUser({ name: 'Ada', admin: true });
  client = new Client({
    auth: `Bot ${discord.token}`,
    gateway: { intents: ['GUILDS'], compress: false },
    rest: { baseURL: `${discord.apiUrl}/v10` },
  });
  client.on('error', (error) => errors.push(error));
  client.on('threadCreate', (thread) => seen.push(thread.name));
  client.on('interactionCreate', (interaction) => {
    const answer = async () => {
      if (interaction.type === InteractionTypes.APPLICATION_COMMAND) await onCommand(interaction);
      else if (interaction.type === InteractionTypes.MESSAGE_COMPONENT) await onComponent(interaction);
      else if (interaction.type === InteractionTypes.MODAL_SUBMIT) await onModal(interaction);
      else if (interaction.type === InteractionTypes.APPLICATION_COMMAND_AUTOCOMPLETE) {
        await interaction.result([{ name: 'Fugue', value: 'fugue' }]);
      }
    };
    answer().catch((error: unknown) => errors.push(error));
  });
  const ready = new Promise((resolve) => client.once('ready', resolve as () => void));
  await client.connect();
  await ready;
  const { ATTACHMENT, STRING } = ApplicationCommandOptionTypes;
  await client.application.bulkEditGlobalCommands([
    {
      type: ApplicationCommandTypes.CHAT_INPUT,
      name: 'similar',
      description: 'Answers with the file that came',
      options: [
        { type: ATTACHMENT, name: 'clip', description: 'A recording', required: true },
        { type: STRING, name: 'piece', description: 'A name', autocomplete: true },
      ],
    },
    {
      type: ApplicationCommandTypes.CHAT_INPUT,
      name: 'panel',
      description: 'Shows buttons',
      defaultMemberPermissions: '32',
    },
  ]);
});

afterAll(async () => {
  client?.disconnect(false);
  await discord?.[Symbol.asyncDispose]();
});

test('receives a file, defers, and edits its answer to contain another', async () => {
  const interaction = await ada.slash('similar', { clip: { name: 'song.mp3', data: Buffer.from('abc') } });
  const answer = await interaction.until(({ attachments }) => attachments.length > 0);
  expect(answer.content).toBe('song.mp3');
  expect(await (await fetch(answer.attachments[0]?.url ?? '')).text()).toBe('cba');
  await interaction.until(({ content }) => content === 'More');
});

test('offers choices by autocompletion', async () => {
  expect(await ada.autocomplete('similar', 'piece', 'f')).toEqual([{ name: 'Fugue', value: 'fugue' }]);
});

test('answers a button, a select and a modal', async () => {
  const eve = discord.addUser({ name: 'Eve' });
  await expect(eve.slash('panel')).rejects.toThrow('no command');
  const message = await (await ada.slash('panel')).until(({ content }) => content === 'A panel');
  const picked = await ada.select(message, 'Pick', ['two']);
  await picked.until(({ content }) => content === 'picked two');
  const wrote = await ada.press(message, 'Write');
  await wrote.ackedAtMs;
  const sent = await ada.submit(wrote, { name: 'Ada' });
  await sent.until(({ content }) => content === 'Hello Ada');
  const pressed = await ada.press(message, 'Press');
  expect((await pressed.until(({ content }) => content === 'pressed')).id).toBe(message.id);
});

test('resumes when its connection breaks, and misses nothing', async () => {
  discord.cutGateway();
  discord.addThread(discord.defaultChannelId, { name: 'Meanwhile', ownerId: ada.id });
  await expect.poll(() => seen, { timeout: 100_000 }).toEqual(['Meanwhile']);
});

test('sent nothing that Discord refuses', () => {
  expect(discord.violations).toEqual([]);
  expect(errors.filter((error) => !String(error).includes('1006'))).toEqual([]);
});
