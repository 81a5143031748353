/** Commands, component presses and autocompletion of users. Refuses what Discord's app would not send. */
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
import { submitModal } from './modal-submit.ts';
import { checkOptions } from './option-values.ts';
import { channelFor, checkFileSizes, commandsIn, may, visibleMessage } from './people.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { type Resolved, Resolver } from './resolver.ts';
import type { Channel } from './world.ts';

type Choices = NonNullable<InteractionRecord['choices']>;

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
      const message = visibleMessage(core, userId, channel, body.messageId);
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
    case 'modal':
      return submitModal(core, userId, channel, body, files);
  }
}

/** @returns the bot's choices for the option in focus
 *  @throws {RefusedByClient} when the bot does not answer within 3 s */
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
  const stop = core.events.subscribe((event) => {
    if (!('interaction' in event) || event.interaction !== interaction) return;
    if (event.type === 'interaction-answered') resolve(interaction.choices ?? []);
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
  const message = visibleMessage(core, userId, channel, body.messageId);
  if (message.flags & MessageFlags.Loading) throw new RefusedByClient('This message is still being written.');
  const node = componentNodes(message.components).find((found) => found.body.custom_id === body.customId);
  const component = node?.body as PressedComponent | undefined;
  if (!component || component.type !== body.componentType) throw new RefusedByClient('This no longer exists.', 404);
  if (component.disabled) throw new RefusedByClient('This is disabled.');
  const resolver = new Resolver(core, channel, userId);
  const isSelect = component.type !== ComponentType.Button;
  const values = body.values ?? [];
  if (isSelect) {
    const { min_values: min = 1, max_values: max = 1, options } = component;
    if (values.length < min || values.length > max) throw new RefusedByClient(`Pick ${min} to ${max}.`);
    if (component.type === ComponentType.StringSelect) {
      const isOffered = (value: string) => options?.some((option) => option.value === value);
      if (!values.every(isOffered)) throw new RefusedByClient('This is not one of the options.');
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
  const command = commandsIn(core, userId, channel).find(({ id }) => id === commandId);
  if (!command || command.type !== type) throw new RefusedByClient('There is no such command for you.', 404);
  return command;
}

function commandData({ id, name, type, guild_id }: APIApplicationCommand) {
  return { id, name, type, ...(guild_id ? { guild_id } : {}) };
}

function subcommandNames(options: ReturnType<typeof checkOptions>): string[] {
  const [first] = options;
  return first?.options ? [first.name, ...subcommandNames(first.options as ReturnType<typeof checkOptions>)] : [];
}
