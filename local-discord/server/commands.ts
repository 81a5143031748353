/** The application's registered commands: global ones, and those of single servers. */
import { type APIApplicationCommand, ApplicationCommandType, RESTJSONErrorCodes } from 'discord-api-types/v10';
import { ApiError, refusals } from './api-error.ts';
import { findCommandViolations } from './command-rules.ts';
import type { EventBus } from './events.ts';
import type { Snowflakes } from './snowflake.ts';

type CommandBody = Partial<APIApplicationCommand> & { readonly name: string };

/** Per type, globally and for each server. */
const countMax: Readonly<Record<number, number>> = {
  [ApplicationCommandType.ChatInput]: 100,
  [ApplicationCommandType.User]: 15,
  [ApplicationCommandType.Message]: 15,
};

export class Commands {
  readonly #ids: Snowflakes;
  readonly #events: EventBus;
  readonly #applicationId: string;
  /** By server id; '' for global commands. */
  readonly #byPlace = new Map<string, Map<string, APIApplicationCommand>>();

  constructor(ids: Snowflakes, events: EventBus, applicationId: string) {
    this.#ids = ids;
    this.#events = events;
    this.#applicationId = applicationId;
  }

  list(guildId: string | null): APIApplicationCommand[] {
    return [...this.#place(guildId).values()];
  }

  /** The commands of a server: its own and the global ones. */
  inGuild(guildId: string): APIApplicationCommand[] {
    return [...this.list(null), ...this.list(guildId)];
  }

  get(guildId: string | null, commandId: string): APIApplicationCommand {
    const command = this.#place(guildId).get(commandId);
    if (!command) throw refusals.unknownCommand();
    return command;
  }

  /** Replaces all commands. One with the same name and type keeps its id. */
  overwrite(guildId: string | null, bodies: readonly CommandBody[]): APIApplicationCommand[] {
    if (!Array.isArray(bodies)) throw refusals.invalidField('LIST_TYPE_CONVERT', 'Only iterables may be used');
    const violations = bodies.flatMap((body, index) =>
      findCommandViolations(body).map((violation) => ({ ...violation, path: [index, ...violation.path] })),
    );
    if (violations.length > 0) throw refusals.invalidBody(violations);
    for (const [index, body] of bodies.entries()) {
      if (bodies.findIndex((other) => isSame(other, body)) === index) continue;
      const message = 'Application command names must be unique';
      throw refusals.invalidField('APPLICATION_COMMANDS_DUPLICATE_NAME', message, index, 'name');
    }
    const place = this.#place(guildId);
    const next = bodies.map((body) => this.#complete(guildId, body, this.#find(guildId, body)));
    checkCount(next);
    place.clear();
    for (const command of next) place.set(command.id, command);
    this.#events.publish({ type: 'commands-changed' });
    return next;
  }

  /** Creates a command, or replaces the one with the same name and type. */
  upsert(guildId: string | null, body: CommandBody): { command: APIApplicationCommand; isNew: boolean } {
    const violations = findCommandViolations(body);
    if (violations.length > 0) throw refusals.invalidBody(violations);
    const existing = this.#find(guildId, body);
    const command = this.#complete(guildId, body, existing);
    if (!existing) checkCount([...this.list(guildId), command]);
    this.#place(guildId).set(command.id, command);
    this.#events.publish({ type: 'commands-changed' });
    return { command, isNew: !existing };
  }

  edit(guildId: string | null, commandId: string, changes: Partial<APIApplicationCommand>): APIApplicationCommand {
    const existing = this.get(guildId, commandId);
    const body = { ...existing, ...changes, type: existing.type };
    const violations = findCommandViolations(body);
    if (violations.length > 0) throw refusals.invalidBody(violations);
    const command = this.#complete(guildId, body, existing);
    this.#place(guildId).set(commandId, command);
    this.#events.publish({ type: 'commands-changed' });
    return command;
  }

  delete(guildId: string | null, commandId: string): void {
    this.get(guildId, commandId);
    this.#place(guildId).delete(commandId);
    this.#events.publish({ type: 'commands-changed' });
  }

  #place(guildId: string | null): Map<string, APIApplicationCommand> {
    const key = guildId ?? '';
    const place = this.#byPlace.get(key) ?? new Map<string, APIApplicationCommand>();
    this.#byPlace.set(key, place);
    return place;
  }

  #find(guildId: string | null, body: CommandBody): APIApplicationCommand | undefined {
    return this.list(guildId).find((command) => isSame(command, body));
  }

  #complete(guildId: string | null, body: CommandBody, existing?: APIApplicationCommand): APIApplicationCommand {
    const { default_member_permissions: permissions } = body;
    return {
      id: existing?.id ?? this.#ids.next(),
      application_id: this.#applicationId,
      version: this.#ids.next(),
      type: body.type ?? ApplicationCommandType.ChatInput,
      name: body.name,
      name_localizations: body.name_localizations ?? null,
      description: body.description ?? '',
      description_localizations: body.description_localizations ?? null,
      default_member_permissions: permissions === undefined || permissions === null ? null : String(permissions),
      integration_types: body.integration_types ?? [0],
      contexts: body.contexts ?? null,
      nsfw: body.nsfw ?? false,
      ...(body.options?.length ? { options: withoutDefaults(body.options) } : {}),
      ...(guildId === null ? { dm_permission: body.dm_permission ?? true } : { guild_id: guildId }),
    } as APIApplicationCommand;
  }
}

/** Removes the translations, for a GET without `with_localizations`. */
export function withoutLocalizations(command: APIApplicationCommand): APIApplicationCommand {
  return JSON.parse(
    JSON.stringify(command, (key, value) => (key.endsWith('_localizations') ? undefined : value)),
  ) as APIApplicationCommand;
}

/** Discord's responses omit fields that are false by default, so a comparison as text finds differences that do not matter. */
function withoutDefaults(options: unknown): unknown {
  const isDefault = (key: string, value: unknown) =>
    value === null || ((key === 'required' || key === 'autocomplete') && value === false);
  return JSON.parse(JSON.stringify(options, (key, value) => (isDefault(key, value) ? undefined : value)));
}

function isSame(a: CommandBody, b: CommandBody): boolean {
  const type = (body: CommandBody) => body.type ?? ApplicationCommandType.ChatInput;
  return a.name === b.name && type(a) === type(b);
}

function checkCount(commands: readonly APIApplicationCommand[]): void {
  for (const [type, max] of Object.entries(countMax)) {
    if (commands.filter((command) => command.type === Number(type)).length <= max) continue;
    const code = RESTJSONErrorCodes.MaximumNumberOfApplicationCommandsReached;
    throw new ApiError(400, code, `Maximum number of application commands reached (${max})`);
  }
}
