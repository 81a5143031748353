/** A discord.js bot, logged in to its own local Discord. */
import {
  type ChatInputCommandInteraction,
  Client,
  type ClientOptions,
  Events,
  GatewayIntentBits,
  type RESTPostAPIApplicationCommandsJSONBody,
} from 'discord.js';
import { type LocalDiscord, type LocalDiscordOptions, type Person, startLocalDiscord } from '../local-discord.ts';
import { ownAgent } from './own-agent.ts';

export interface Bot extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly client: Client<true>;
  readonly ada: Person;
  /** Registers a chat command with its handler. Errors of `run` are collected in `errors`. */
  onCommand(
    command: Partial<RESTPostAPIApplicationCommandsJSONBody> & { readonly name: string },
    run: (interaction: ChatInputCommandInteraction) => Promise<unknown>,
  ): Promise<void>;
  readonly errors: unknown[];
}

export async function startTestBot(
  options: LocalDiscordOptions = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<Bot> {
  const discord = await startLocalDiscord(options);
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    ...clientOptions,
    rest: { api: discord.apiUrl, agent: ownAgent(), ...clientOptions.rest },
  });
  const errors: unknown[] = [];
  client.on(Events.Error, (error) => errors.push(error));
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(discord.token);
  await ready;
  return {
    discord,
    client: client as Client<true>,
    ada: discord.addUser({ name: 'Ada' }),
    errors,
    async onCommand(command, run) {
      const body = { description: 'A command', ...command } as RESTPostAPIApplicationCommandsJSONBody;
      await (client as Client<true>).application.commands.create(body);
      client.on(Events.InteractionCreate, (interaction) => {
        if (!interaction.isChatInputCommand() || interaction.commandName !== command.name) return;
        run(interaction).catch((error: unknown) => errors.push(error));
      });
    },
    async [Symbol.asyncDispose]() {
      await client.destroy();
      await discord[Symbol.asyncDispose]();
    },
  };
}
