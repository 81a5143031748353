/** Modals, threads, direct messages and forwards on the page, in a real Chromium. */
import { ComponentType, Events, type Interaction, Partials } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bot, startTestBot } from '../bot.ts';
import { buildPage, type PageBrowser, type PersonPage, startBrowser } from './browser.ts';

let browser: PageBrowser;
let bot: Bot;
let ada: PersonPage;

const label = (text: string, component: object) => ({ type: ComponentType.Label, label: text, component });
const form = {
  title: 'Tell us',
  custom_id: 'form',
  components: [
    label('Title', { type: ComponentType.TextInput, custom_id: 'title', style: 1, min_length: 2 }),
    label('Kind', {
      type: ComponentType.StringSelect,
      custom_id: 'kind',
      options: ['slow', 'fast'].map((value) => ({ label: value, value })),
    }),
    label('Clip', { type: ComponentType.FileUpload, custom_id: 'clip', required: false }),
  ],
};

async function respond(interaction: Interaction): Promise<void> {
  if (interaction.isChatInputCommand()) await interaction.showModal(form as never);
  if (!interaction.isModalSubmit()) return;
  const { fields } = interaction;
  const clip = fields.getUploadedFiles('clip')?.first()?.name ?? 'no clip';
  await interaction.reply(`${fields.getTextInputValue('title')}, ${fields.getStringSelectValues('kind')}, ${clip}`);
}

beforeAll(async () => {
  browser = await startBrowser();
  bot = await startTestBot({ page: await buildPage() }, { partials: [Partials.Channel] });
  await bot.client.application.commands.create({ name: 'tell', description: 'Opens a form' });
  bot.client.on(Events.InteractionCreate, (interaction) => {
    respond(interaction).catch((error: unknown) => bot.errors.push(error));
  });
  ada = await browser.open(bot.discord.url, bot.ada.id);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await bot?.[Symbol.asyncDispose]();
});

test('a modal opens, refuses invalid input, and is sent with its file', async () => {
  await ada.pickCommand('tell');
  await ada.page.getByRole('button', { name: 'Send' }).click();
  const dialog = ada.page.getByRole('dialog', { name: 'Tell us' });
  await dialog.getByRole('button', { name: 'Submit' }).click();
  expect(await dialog.isVisible()).toBe(true);
  await dialog.getByLabel('Title').fill('Hello');
  await dialog.getByLabel('Kind').selectOption('fast');
  await dialog.getByLabel('Clip').setInputFiles({ name: 'a.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('x') });
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await ada.message('Hello, fast, a.mp3').waitFor();
  expect(await dialog.count()).toBe(0);
});

test('a message is forwarded to a new thread and shown there whole', async () => {
  const { discord } = bot;
  await bot.ada.post(discord.defaultChannelId, 'Listen to this');
  discord.addThread(discord.defaultChannelId, { name: 'Talk', ownerId: bot.ada.id });
  await ada.page.getByRole('button', { name: 'Talk' }).waitFor();
  await ada.message('Listen to this').click({ button: 'right' });
  await ada.page.getByRole('menuitem', { name: 'Forward to Talk' }).click();
  await ada.page.getByRole('button', { name: 'Talk' }).click();
  await ada.message('Forwarded').getByText('Listen to this').waitFor();
});

test('a direct message is written, and a command works in it', async () => {
  const direct = ada.page.getByRole('region', { name: 'Direct messages' });
  await direct.getByRole('button').click();
  await ada.page.getByRole('combobox', { name: 'Message @Leitmotif' }).fill('Just us');
  await ada.page.keyboard.press('Enter');
  await ada.message('Just us').waitFor();
  expect(bot.ada.messages(bot.ada.directChannelId)).toMatchObject([{ content: 'Just us' }]);
  expect(ada.complaints).toEqual([]);
  expect(bot.errors).toEqual([]);
  expect(bot.discord.violations).toEqual([]);
});
