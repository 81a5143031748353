/** A user, for tests. Their actions take the same way as those of the page. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type APIMessage, ApplicationCommandType, ApplicationCommandOptionType as O } from 'discord-api-types/v10';
import type { PageOption } from '../page-protocol.ts';
import type { Upload } from './attachment-store.ts';
import { componentNodes } from './component-tree.ts';
import type { Core } from './core.ts';
import { autocomplete, interact } from './interact.ts';
import { Interaction } from './interaction-handle.ts';
import { channelFor, commandsIn, forward, messagesFor, post } from './people.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { directMessageWith } from './seed.ts';

export interface FileToUpload {
  readonly name: string;
  readonly data: Buffer;
  /** Derived from the extension if omitted. */
  readonly contentType?: string;
}

export type OptionValue = string | number | boolean | FileToUpload;

export type ModalValue = string | boolean | FileToUpload | readonly string[] | readonly FileToUpload[];

export interface Where {
  /** The default channel if omitted. */
  readonly channelId?: string;
  /** The user's own if omitted. */
  readonly locale?: string;
}

export class Person {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly #core: Core;
  readonly #defaultChannelId: string;

  constructor(core: Core, id: string, defaultChannelId: string) {
    const { name, locale } = core.world.user(id);
    this.id = id;
    this.name = name;
    this.locale = locale;
    this.#core = core;
    this.#defaultChannelId = defaultChannelId;
  }

  /** Uses a chat command. Files are uploaded with it.
   *  @param options of the subcommand, if there is one; ids for channels, users and roles
   *  @throws {RefusedByClient} for input that Discord's app does not send */
  async slash(
    name: string,
    options: Readonly<Record<string, OptionValue>> = {},
    where: Where & { readonly subcommand?: string } = {},
  ): Promise<Interaction> {
    const command = this.#command(name, ApplicationCommandType.ChatInput, where);
    const { files, filled } = await this.#fill(options);
    const { subcommand } = where;
    const given = subcommand === undefined ? filled : nest(subcommand.split(' '), filled);
    return this.#interact(
      { kind: 'chat-command', commandId: command.id, options: given, ...this.#where(where) },
      files,
    );
  }

  /** Uses a command of a message's menu. */
  async messageCommand(name: string, channelId: string, messageId: string, where: Where = {}): Promise<Interaction> {
    const command = this.#command(name, ApplicationCommandType.Message, { channelId });
    const place = this.#where({ ...where, channelId });
    return this.#interact({ kind: 'message-command', commandId: command.id, messageId, ...place });
  }

  /** Requests choices for an option with autocompletion.
   *  @throws {RefusedByClient} when the bot does not answer within 3 s */
  async autocomplete(
    name: string,
    focused: string,
    value: string,
    otherOptions: Readonly<Record<string, string | number | boolean>> = {},
    where: Where & { readonly subcommand?: string } = {},
  ) {
    const command = this.#command(name, ApplicationCommandType.ChatInput, where);
    const { filled } = await this.#fill({ ...otherOptions, [focused]: value });
    const options = where.subcommand === undefined ? filled : nest(where.subcommand.split(' '), filled);
    return autocomplete(this.#core, this.id, { commandId: command.id, options, focused, ...this.#where(where) });
  }

  /** Presses a button. */
  async press(message: APIMessage, customIdOrLabel: string, where: Where = {}): Promise<Interaction> {
    const component = findComponent(message, customIdOrLabel);
    return this.#component(message, component, undefined, where);
  }

  /** Chooses in a select. */
  async select(
    message: APIMessage,
    customIdOrPlaceholder: string,
    values: readonly string[],
    where: Where = {},
  ): Promise<Interaction> {
    return this.#component(message, findComponent(message, customIdOrPlaceholder), values, where);
  }

  /** Submits the modal that the bot answered an interaction with.
   *  @param values by custom id; one or more files for a file upload. Other fields keep their preset values */
  async submit(interaction: Interaction, values: Readonly<Record<string, ModalValue>> = {}): Promise<Interaction> {
    const files: Upload[] = [];
    const filled = Object.entries(values).map(([customId, value]) => {
      const list = Array.isArray(value) ? (value as readonly (string | FileToUpload)[]) : [value];
      if (!list.some((each) => typeof each === 'object')) return [customId, value];
      const indexes = list.map((each) => String(files.push(toUpload(each as FileToUpload)) - 1));
      return [customId, indexes];
    });
    return this.#interact(
      {
        kind: 'modal',
        interactionId: interaction.id,
        values: Object.fromEntries(filled),
        ...this.#where({ channelId: interaction.channelId }),
      },
      files,
    );
  }

  /** @param replyToId of a message in the same channel */
  async post(
    channelId: string,
    content: string,
    files: readonly FileToUpload[] = [],
    replyToId: string | null = null,
  ): Promise<APIMessage> {
    const uploads = files.map(toUpload);
    return this.#core.presenter.message(await post(this.#core, this.id, channelId, content, uploads, replyToId));
  }

  /** Forwards a message to another channel or the same. */
  async forward(message: APIMessage, toChannelId: string): Promise<APIMessage> {
    const { channel_id: from, id } = message;
    return this.#core.presenter.message(await forward(this.#core, this.id, from, id, toChannelId));
  }

  /** The id of the direct message with the bot. */
  get directChannelId(): string {
    return directMessageWith(this.#core, this.id).id;
  }

  /** The messages of a channel that this user sees, oldest first. */
  messages(channelId: string = this.#defaultChannelId): APIMessage[] {
    return messagesFor(this.#core, this.id, channelId).map((message) => this.#core.presenter.message(message));
  }

  async #interact(...[body, files = []]: [Parameters<typeof interact>[2], (readonly Upload[])?]) {
    return new Interaction(this.#core, await interact(this.#core, this.id, body, files));
  }

  #component(message: APIMessage, component: Found, values: readonly string[] | undefined, where: Where) {
    return this.#interact({
      kind: 'component',
      messageId: message.id,
      customId: component.custom_id,
      componentType: component.type,
      ...(values ? { values } : {}),
      ...this.#where({ ...where, channelId: message.channel_id }),
    });
  }

  #where({ channelId = this.#defaultChannelId, locale = this.locale }: Where) {
    return { channelId, locale };
  }

  #command(name: string, type: ApplicationCommandType, where: Where) {
    const channel = channelFor(this.#core, this.id, where.channelId ?? this.#defaultChannelId);
    const commands = commandsIn(this.#core, this.id, channel);
    const command = commands.find((found) => found.name === name && found.type === type);
    if (!command) throw new RefusedByClient(`There is no command ${name} for ${this.name}.`, 404);
    return command;
  }

  async #fill(options: Readonly<Record<string, OptionValue>>): Promise<{ files: Upload[]; filled: PageOption[] }> {
    const files: Upload[] = [];
    const filled = Object.entries(options).map(([name, value]): PageOption => {
      if (typeof value !== 'object') return { name, type: optionType(value), value };
      files.push(toUpload(value));
      return { name, type: O.Attachment, value: files.length - 1 };
    });
    return { files, filled };
  }
}

/** Reads a file to upload. */
export async function fileToUpload(filePath: string, name = path.basename(filePath)): Promise<FileToUpload> {
  return { name, data: await readFile(filePath) };
}

interface Found {
  readonly custom_id: string;
  readonly type: number;
}

function findComponent(message: APIMessage, wanted: string): Found {
  const nodes = componentNodes(message.components ?? []);
  const node = nodes.find(({ body }) => [body.custom_id, body.label, body.placeholder].includes(wanted));
  if (typeof node?.body.custom_id !== 'string') {
    const there = nodes.flatMap(({ body }) => body.label ?? body.placeholder ?? body.custom_id ?? []);
    throw new RefusedByClient(`There is no "${wanted}" on this message, only: ${there.join(', ')}.`, 404);
  }
  return node.body as unknown as Found;
}

function nest([name = '', ...rest]: readonly string[], options: readonly PageOption[]): PageOption[] {
  const isGroup = rest.length > 0;
  const type = isGroup ? O.SubcommandGroup : O.Subcommand;
  return [{ name, type, options: isGroup ? nest(rest, options) : options }];
}

/** A guess from the value: the command's definition decides. */
function optionType(value: string | number | boolean): O {
  if (typeof value === 'string') return O.String;
  return typeof value === 'number' ? O.Number : O.Boolean;
}

/** As browsers derive them from extensions. */
const contentTypes: Readonly<Record<string, string>> = {
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/x-wav',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.flac': 'audio/flac',
  '.m4a': 'audio/mp4',
  '.mp4': 'video/mp4',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.txt': 'text/plain',
};

function toUpload({ name, data, contentType }: FileToUpload): Upload {
  const byName = contentTypes[path.extname(name).toLowerCase()] ?? 'application/octet-stream';
  return { name, data, contentType: contentType ?? byName };
}
