/** A small discord.js bot with an example of everything that the page shows. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  Client,
  Events,
  GatewayIntentBits,
  type Interaction,
  type MessageComponentInteraction,
  MessageFlags,
} from 'discord.js';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord.ts';
import { ownAgent } from '../own-agent.ts';
import { buildPage } from './browser.ts';
import { answer, commands, gallery, pieces } from './tour-content.ts';

export interface Tour extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly ada: Person;
  readonly ben: Person;
  readonly otherChannelId: string;
  /** Two seconds of a tone. */
  readonly mp3: string;
  /** Errors in the bot. */
  readonly errors: unknown[];
  /** Lets the bot wait after "thinking" until `speak` is called. */
  think(): { speak(): void };
  /** Lets the next `/find` answer. */
  finish(): void;
}

export interface TourFiles {
  readonly mp3: Buffer;
  readonly picture: Buffer;
}

export async function startTour(): Promise<Tour> {
  const folder = await mkdtemp(path.join(tmpdir(), 'local-discord-tour-'));
  const [mp3, image] = [path.join(folder, 'swelling-tone.mp3'), path.join(folder, 'match.png')];
  await Promise.all([makeTone(mp3), makePicture(image)]);
  const files = { mp3: await readFile(mp3), picture: await readFile(image) };
  const discord = await startLocalDiscord({ page: await buildPage() });
  const client = new Client({ intents: [GatewayIntentBits.Guilds], rest: { api: discord.apiUrl, agent: ownAgent() } });
  const errors: unknown[] = [];
  let finished = Promise.withResolvers<void>();
  let thought: Promise<void> = Promise.resolve();
  const pauses = { thought: () => thought, finished: () => finished.promise };
  client.on(Events.Error, (error) => errors.push(error));
  client.on(Events.InteractionCreate, (interaction) => {
    respond(interaction, files, pauses).catch((error: unknown) => errors.push(error));
  });
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(discord.token);
  await ready;
  await client.application?.commands.set(commands);
  return {
    discord,
    ada: discord.addUser({ name: 'Ada' }),
    ben: discord.addUser({ name: 'Ben' }),
    otherChannelId: discord.addChannel(discord.defaultGuildId, { name: 'finds' }),
    mp3,
    errors,
    think() {
      const { promise, resolve } = Promise.withResolvers<void>();
      thought = promise;
      return { speak: resolve };
    },
    finish() {
      finished.resolve();
      finished = Promise.withResolvers();
    },
    async [Symbol.asyncDispose]() {
      await client.destroy();
      await discord[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

interface Pauses {
  thought(): Promise<void>;
  finished(): Promise<void>;
}

async function respond(interaction: Interaction, files: TourFiles, pauses: Pauses): Promise<unknown> {
  if (interaction.isAutocomplete()) return complete(interaction);
  if (interaction.isMessageContextMenuCommand()) {
    const names = interaction.targetMessage.attachments.map(({ name }) => name).join(', ');
    return interaction.reply({ content: `Heard **${names || 'nothing'}**`, flags: MessageFlags.Ephemeral });
  }
  if (interaction.isMessageComponent()) return press(interaction);
  if (interaction.isChatInputCommand()) return run(interaction, files, pauses);
}

async function complete(interaction: AutocompleteInteraction): Promise<void> {
  const typed = interaction.options.getFocused().toLowerCase();
  const found = pieces.filter((name) => name.toLowerCase().includes(typed));
  await interaction.respond(found.map((name) => ({ name, value: name })));
}

async function run(interaction: ChatInputCommandInteraction, files: TourFiles, pauses: Pauses) {
  const { commandName, options } = interaction;
  if (commandName === 'gallery') return interaction.reply(gallery(files));
  if (commandName === 'library') {
    const share = options.getSubcommand() === 'settings' ? ` ${options.getChannel('share')}` : '';
    return interaction.reply({ content: `${options.getSubcommand()}${share}`, flags: MessageFlags.Ephemeral });
  }
  if (commandName === 'sleep') return;
  const isPrivate = options.getBoolean('private') ?? false;
  await interaction.deferReply(isPrivate ? { flags: MessageFlags.Ephemeral } : {});
  const end = pauses.finished();
  await pauses.thought();
  await interaction.editReply('Listening: 3 of 12 chunks');
  await end;
  const clip = options.getAttachment('clip');
  const data = clip ? Buffer.from(await (await fetch(clip.url)).arrayBuffer()) : files.mp3;
  const asked = clip?.name ?? options.getString('piece') ?? 'nothing';
  return interaction.editReply(answer({ ...files, mp3: data }, asked, options.getInteger('results') ?? 10));
}

async function press(interaction: MessageComponentInteraction): Promise<unknown> {
  if (interaction.isStringSelectMenu()) {
    return interaction.reply({
      content: `You picked ${interaction.values.join(' and ')}`,
      flags: MessageFlags.Ephemeral,
    });
  }
  switch (interaction.customId) {
    case 'more':
      await interaction.deferUpdate();
      await wait(300);
      return interaction.editReply({ content: 'And five more' });
    case 'listen':
      return interaction.reply({ content: 'For your ears only', flags: MessageFlags.Ephemeral });
    // 'sleep' answers nothing.
    default:
      return;
  }
}

function makeTone(file: string): Promise<unknown> {
  return ffmpeg('-i', 'aevalsrc=0.3*sin(2*PI*440*t)*(0.6+0.4*sin(t)):d=2:s=44100', file);
}

function makePicture(file: string): Promise<unknown> {
  return ffmpeg('-i', 'gradients=s=1200x420:c0=0x23243a:c1=0x5865f2:d=1:seed=7', '-frames:v', '1', file);
}

function ffmpeg(...args: string[]): Promise<unknown> {
  return promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', ...args]);
}
