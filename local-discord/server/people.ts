/** What people do in Discord's app: commands, presses, messages. What the app would refuse is refused here. */
import {
  type APIApplicationCommand,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  MessageFlags,
  PermissionFlagsBits as P,
} from 'discord-api-types/v10';
import type { PageAutocomplete, PageInteraction } from '../page-protocol.ts';
import type { Upload } from './attachment-store.ts';
import { componentNodes } from './component-tree.ts';
import type { Core } from './core.ts';
import { sendInteraction } from './interaction-payload.ts';
import type { InteractionRecord } from './interaction-record.ts';
import { checkOptions } from './option-values.ts';
import { hasAll, permissionsInChannel, permissionsInGuild } from './permissions.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { type Resolved, Resolver } from './resolver.ts';
import type { Channel, StoredMessage } from './world.ts';

type Choices = NonNullable<InteractionRecord['choices']>;

/** The channel as this person sees it.
 *  @throws {RefusedByClient} when they do not */
export function channelFor(core: Core, userId: string, channelId: string): Channel {
  const channel = core.world.channel(channelId);
  if (!channel || !may(core, userId, channel, P.ViewChannel))
    throw new RefusedByClient('There is no such channel.', 404);
  return channel;
}

/** Of a channel, oldest first; other people's private ones are not there. */
export function messagesFor(core: Core, userId: string, channelId: string): StoredMessage[] {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, P.ReadMessageHistory)) return [];
  return [...channel.messages.values()].filter((message) => isVisible(message, userId));
}

export function isVisible({ onlyForUserId }: StoredMessage, userId: string): boolean {
  return onlyForUserId === null || onlyForUserId === userId;
}

/** The commands that a person sees in a server: those without `default_member_permissions`, and those that theirs
 *  suffice for. "0" is for administrators alone. */
export function commandsFor(core: Core, userId: string, guildId: string): APIApplicationCommand[] {
  const guild = core.world.guilds.get(guildId);
  if (!guild?.members.has(userId)) return [];
  const bits = permissionsInGuild(guild, userId);
  return core.commands.inGuild(guildId).filter(({ default_member_permissions: needed }) => {
    if (needed === null || needed === undefined) return true;
    return needed === '0' ? Boolean(bits & P.Administrator) : hasAll(bits, BigInt(needed));
  });
}

export async function post(core: Core, userId: string, channelId: string, content: string, files: readonly Upload[]) {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, P.SendMessages)) throw new RefusedByClient('You may not write here.', 403);
  if (files.length > 0 && !may(core, userId, channel, P.AttachFiles)) {
    throw new RefusedByClient('You may not attach files here.', 403);
  }
  if (content.length > 2000) throw new RefusedByClient('Your message is too long: at most 2000 characters.');
  if (files.length > 10) throw new RefusedByClient('At most 10 files in a message.');
  if (content.trim() === '' && files.length === 0) throw new RefusedByClient('Your message is empty.');
  checkFileSizes(core, files);
  return core.messages.create({ channel, authorId: userId, body: { content }, files });
}

export async function interact(
  core: Core,
  userId: string,
  body: PageInteraction,
  files: readonly Upload[],
): Promise<InteractionRecord> {
  const channel = channelFor(core, userId, body.channelId);
  checkFileSizes(core, files);
  switch (body.kind) {
    case 'chat-command': {
      const command = findCommand(core, userId, channel, body.commandId, ApplicationCommandType.ChatInput);
      const filled = checkOptions(command.options ?? [], body.options);
      const resolver = new Resolver(core, channel, userId);
      const options = await resolver.options(command.options ?? [], filled, files);
      return sendInteraction(core, {
        type: InteractionType.ApplicationCommand,
        userId,
        channel,
        locale: body.locale,
        commandName: [command.name, ...subcommandNames(filled)].join(' '),
        data: { ...commandData(command), options, ...resolver.resolved() },
      });
    }
    case 'message-command': {
      const command = findCommand(core, userId, channel, body.commandId, ApplicationCommandType.Message);
      const message = findMessage(core, userId, channel, body.messageId);
      if (message.onlyForUserId !== null) throw new RefusedByClient('Private messages have no commands.');
      const resolved: Resolved = { messages: { [message.id]: core.presenter.message(message) } };
      return sendInteraction(core, {
        type: InteractionType.ApplicationCommand,
        userId,
        channel,
        locale: body.locale,
        commandName: command.name,
        targetMessageId: message.id,
        data: { ...commandData(command), target_id: message.id, resolved },
      });
    }
    case 'component':
      return pressComponent(core, userId, channel, body);
  }
}

/** @returns what the bot offers for the option that is being typed; refused when it does not answer within 3 s */
export async function autocomplete(core: Core, userId: string, body: PageAutocomplete): Promise<Choices> {
  const channel = channelFor(core, userId, body.channelId);
  const command = findCommand(core, userId, channel, body.commandId, ApplicationCommandType.ChatInput);
  const options = checkOptions(command.options ?? [], body.options, body.focused);
  if (!JSON.stringify(options).includes('"focused":true')) {
    throw new RefusedByClient(`There is no option "${body.focused}".`);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Choices>();
  const interaction = sendInteraction(core, {
    type: InteractionType.ApplicationCommandAutocomplete,
    userId,
    channel,
    locale: body.locale,
    commandName: command.name,
    data: { ...commandData(command), options },
  });
  const stop = core.happenings.listen((happening) => {
    if (!('interaction' in happening) || happening.interaction !== interaction) return;
    if (happening.type === 'interaction-answered') resolve(interaction.choices ?? []);
    else reject(new RefusedByClient('Loading options failed.', 504));
  });
  return promise.finally(stop);
}

function pressComponent(
  core: Core,
  userId: string,
  channel: Channel,
  body: PageInteraction & { kind: 'component' },
): InteractionRecord {
  const message = findMessage(core, userId, channel, body.messageId);
  if (message.flags & MessageFlags.Loading) throw new RefusedByClient('This message is still being written.');
  const node = componentNodes(message.components).find((found) => found.body.custom_id === body.customId);
  const component = node?.body as PressedComponent | undefined;
  if (!component || component.type !== body.componentType) throw new RefusedByClient('This is no longer there.', 404);
  if (component.disabled) throw new RefusedByClient('This is disabled.');
  const resolver = new Resolver(core, channel, userId);
  const isSelect = component.type !== ComponentType.Button;
  const values = body.values ?? [];
  if (isSelect) {
    const { min_values: min = 1, max_values: max = 1, options } = component;
    if (values.length < min || values.length > max) throw new RefusedByClient(`Pick ${min} to ${max}.`);
    if (component.type === ComponentType.StringSelect) {
      const isOffered = (value: string) => options?.some((option) => option.value === value);
      if (!values.every(isOffered)) throw new RefusedByClient('This is not among the options.');
    } else for (const value of values) resolver.selected(component.type, value);
  }
  return sendInteraction(core, {
    type: InteractionType.MessageComponent,
    userId,
    channel,
    locale: body.locale,
    sourceMessageId: message.id,
    message: core.presenter.message(message),
    data: {
      id: component.id,
      custom_id: body.customId,
      component_type: component.type,
      ...(isSelect ? { values, ...resolver.resolved() } : {}),
    },
  });
}

interface PressedComponent {
  readonly type: ComponentType;
  readonly id?: number;
  readonly disabled?: boolean;
  readonly min_values?: number;
  readonly max_values?: number;
  readonly options?: readonly { readonly value: string }[];
}

function findCommand(core: Core, userId: string, channel: Channel, commandId: string, type: ApplicationCommandType) {
  if (!may(core, userId, channel, P.UseApplicationCommands)) {
    throw new RefusedByClient('You may not use commands here.', 403);
  }
  const command = commandsFor(core, userId, channel.guildId).find(({ id }) => id === commandId);
  if (!command || command.type !== type) throw new RefusedByClient('There is no such command for you.', 404);
  return command;
}

function findMessage(core: Core, userId: string, channel: Channel, messageId: string): StoredMessage {
  const message = channel.messages.get(messageId);
  if (!message || !isVisible(message, userId)) throw new RefusedByClient('There is no such message.', 404);
  if (message.onlyForUserId === null && !may(core, userId, channel, P.ReadMessageHistory)) {
    throw new RefusedByClient('There is no such message.', 404);
  }
  return message;
}

function may(core: Core, userId: string, channel: Channel, bit: bigint): boolean {
  return hasAll(permissionsInChannel(core.world.guildOf(channel), channel, userId), bit);
}

function checkFileSizes(core: Core, files: readonly Upload[]): void {
  const limit = core.options.attachmentSizeLimitBytes;
  const over = files.find(({ data }) => data.length > limit);
  if (!over) return;
  const text = `Your file is too powerful: ${over.name} is over ${Math.floor(limit / 1024 / 1024)} MiB.`;
  throw new RefusedByClient(text, 413);
}

function commandData({ id, name, type, guild_id }: APIApplicationCommand) {
  return { id, name, type, ...(guild_id ? { guild_id } : {}) };
}

function subcommandNames(options: ReturnType<typeof checkOptions>): string[] {
  const [first] = options;
  return first?.options ? [first.name, ...subcommandNames(first.options as ReturnType<typeof checkOptions>)] : [];
}
