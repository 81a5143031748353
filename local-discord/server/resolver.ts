/** Fills an interaction's `resolved`: the objects of the ids among its values. */
import {
  type APIApplicationCommandOption,
  ComponentType as C,
  ApplicationCommandOptionType as O,
} from 'discord-api-types/v10';
import type { Upload } from './attachment-store.ts';
import type { Core } from './core.ts';
import { takesFile } from './file-types.ts';
import type { FilledOption } from './option-values.ts';
import { permissionsInChannel } from './permissions.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { channel as channelBody, member, role, user } from './shapes.ts';
import type { Channel, Guild } from './world.ts';

export type Resolved = Partial<
  Record<'users' | 'members' | 'roles' | 'channels' | 'attachments' | 'messages', Record<string, unknown>>
>;

export class Resolver {
  readonly #core: Core;
  /** null in a direct message */
  readonly #guild: Guild | null;
  readonly #channelHere: Channel;
  readonly #userId: string;
  readonly #resolved: Resolved = {};

  constructor(core: Core, channel: Channel, userId: string) {
    this.#core = core;
    this.#guild = core.world.guildOf(channel);
    this.#channelHere = channel;
    this.#userId = userId;
  }

  /** Empty when nothing was resolved. */
  resolved(): { resolved?: Resolved } {
    return Object.keys(this.#resolved).length > 0 ? { resolved: this.#resolved } : {};
  }

  /** Uploads files and looks up ids. The value of an attachment option becomes its id.
   *  @param files values of attachment options are indexes into it */
  async options(
    definitions: readonly APIApplicationCommandOption[],
    filled: readonly FilledOption[],
    files: readonly Upload[],
  ): Promise<FilledOption[]> {
    const done: FilledOption[] = [];
    for (const option of filled) {
      const definition = definitions.find(({ name }) => name === option.name);
      if (option.options && definition && 'options' in definition) {
        done.push({ ...option, options: await this.options(definition.options ?? [], option.options, files) });
      } else if (definition?.type === O.Attachment) {
        const upload = files[Number(option.value)];
        if (!upload) throw new RefusedByClient(`${option.name}: Expected a file.`);
        const fileTypes = definition.file_types ?? [];
        if (!takesFile(fileTypes, upload.name)) {
          throw new RefusedByClient(`${option.name}: Only these files are taken here: ${fileTypes.join(', ')}.`);
        }
        done.push({ ...option, value: await this.#attachment(upload) });
      } else {
        if (definition) this.#optionValue(definition.type, String(option.value));
        done.push(option);
      }
    }
    return done;
  }

  /** Resolves a value of a select of users, roles or channels. */
  selected(type: C, id: string): void {
    if (type === C.ChannelSelect) this.#channel(id);
    else if (type === C.RoleSelect) this.#role(id);
    else if (type === C.MentionableSelect) this.#mentionable(id);
    else this.#user(id);
  }

  /** Uploads a file of a modal.
   *  @returns its id */
  async upload(file: Upload | undefined): Promise<string> {
    if (!file) throw new RefusedByClient('Expected a file.');
    return this.#attachment(file);
  }

  #optionValue(type: O, value: string): void {
    if (type === O.Channel) this.#channel(value);
    else if (type === O.Role) this.#role(value);
    else if (type === O.Mentionable) this.#mentionable(value);
    else if (type === O.User) this.#user(value);
  }

  #mentionable(id: string): void {
    if (this.#guild?.roles.has(id)) this.#role(id);
    else this.#user(id);
  }

  async #attachment(upload: Upload): Promise<string> {
    const shelf = `ephemeral-attachments/${this.#core.applicationId}`;
    const attachment = await this.#core.store.save(upload, shelf);
    this.#put('attachments', attachment.id, this.#core.presenter.attachment(attachment));
    return attachment.id;
  }

  #channel(id: string): void {
    const found = this.#guild?.channels.get(id) ?? this.#guild?.threads.get(id);
    if (!found) throw new RefusedByClient('There is no such channel.');
    const bits = (userId: string) => String(permissionsInChannel(this.#core.world, found, userId));
    const permissions = { permissions: bits(this.#userId), app_permissions: bits(this.#core.botId) };
    this.#put('channels', id, { ...channelBody(found, this.#core.world), ...permissions });
  }

  #role(id: string): void {
    const found = this.#guild?.roles.get(id);
    if (!found) throw new RefusedByClient('There is no such role.');
    this.#put('roles', id, role(found, 0));
  }

  #user(id: string): void {
    const { world, botId } = this.#core;
    const { recipientId, memberIds = [] } = this.#channelHere;
    const isHere = this.#guild ? this.#guild.members.has(id) : [recipientId, botId, ...memberIds].includes(id);
    if (!isHere) throw new RefusedByClient('There is no such member.');
    const found = world.user(id);
    this.#put('users', id, user(found));
    if (!this.#guild) return;
    const { user: _, deaf: __, mute: ___, ...rest } = member(this.#guild, found);
    this.#put('members', id, rest);
  }

  #put(kind: keyof Resolved, id: string, body: unknown): void {
    this.#resolved[kind] = { ...this.#resolved[kind], [id]: body };
  }
}
