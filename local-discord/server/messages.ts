/** Creates, edits and deletes messages. All routes and users do so through this class. */
import {
  type APIAllowedMentions,
  type APIEmbed,
  type APIMessageTopLevelComponent,
  MessageFlags,
  PermissionFlagsBits,
} from 'discord-api-types/v10';
import { refusals } from './api-error.ts';
import type { AttachmentStore, Upload } from './attachment-store.ts';
import type { Clock } from './clock.ts';
import { componentNodes } from './component-tree.ts';
import type { EventBus } from './events.ts';
import { findPayloadViolations, isEmptyPayload, type PayloadFiles } from './message-rules.ts';
import { hasAll, permissionsInChannel } from './permissions.ts';
import type { Snowflakes } from './snowflake.ts';
import type {
  Channel,
  Forward,
  Mentions,
  MessageOrigin,
  StoredAttachment,
  StoredMessage,
  ThreadState,
  World,
} from './world.ts';

/** The stored fields of a message. */
export interface MessageBody {
  readonly content?: string | null;
  readonly embeds?: readonly APIEmbed[] | null;
  readonly components?: readonly APIMessageTopLevelComponent[] | null;
  readonly attachments?: readonly { readonly id: string | number; readonly description?: string | null }[] | null;
  readonly flags?: number | null;
  readonly allowed_mentions?: APIAllowedMentions | null;
  readonly nonce?: string | number | null;
}

interface Draft {
  readonly channel: Channel;
  readonly authorId: string;
  readonly body: MessageBody;
  readonly files: readonly Upload[];
  readonly onlyForUserId?: string | null;
  /** In addition to those that the body may set. */
  readonly flags?: number;
  readonly origin?: MessageOrigin | null;
  readonly replyToId?: string | null;
  readonly forward?: Forward | null;
  /** Called when the message exists, before its event is published. */
  readonly onId?: (id: string) => void;
}

type Written = Pick<
  StoredMessage,
  'flags' | 'content' | 'embeds' | 'components' | 'attachments' | 'mentions' | 'nonce'
>;

/** The flags that a sender may set. Ephemeral is set by interactions. */
const settableFlags = MessageFlags.SuppressEmbeds | MessageFlags.SuppressNotifications | MessageFlags.IsComponentsV2;
const editableFlags = MessageFlags.SuppressEmbeds | MessageFlags.IsComponentsV2;
/** Discord limits edits of messages that are older than an hour, with a 429 that discord.js waits for. The number is not
 *  documented, so bots should not rely on any. */
const oldAfterMs = 3_600_000;
const oldEditsMax = 3;

interface MessagesOptions {
  readonly world: World;
  readonly store: AttachmentStore;
  readonly clock: Clock;
  readonly ids: Snowflakes;
  readonly events: EventBus;
  readonly attachmentSizeLimitBytes: number;
}

export class Messages {
  readonly #options: MessagesOptions;
  readonly #oldEditsMs = new WeakMap<StoredMessage, number[]>();

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} when Discord would refuse it */
  async create(draft: Draft): Promise<StoredMessage> {
    const { channel, authorId, body, files } = draft;
    this.check(body, files);
    const isForward = Boolean(draft.forward);
    if (!isForward && isEmptyPayload(body, { files })) throw refusals.emptyMessage();
    return this.#add(draft, {
      flags: ((body.flags ?? 0) & settableFlags) | (draft.flags ?? 0) | (isForward ? MessageFlags.HasSnapshot : 0),
      content: body.content?.trim() ?? '',
      embeds: body.embeds ?? [],
      components: withIds(body.components ?? []),
      attachments: await this.#saveFiles(body, files, channel.id),
      mentions: this.#mentions(channel, authorId, body),
      nonce: body.nonce ?? null,
    });
  }

  /** "... is thinking": an empty message, which only interactions can create. */
  createThinking(draft: Omit<Draft, 'body' | 'files'>): StoredMessage {
    return this.#add(draft, {
      flags: (draft.flags ?? 0) | MessageFlags.Loading,
      content: '',
      embeds: [],
      components: [],
      attachments: [],
      mentions: { userIds: [], roleIds: [], everyone: false },
      nonce: null,
    });
  }

  /** Fields that are not in the body stay. If the body lists attachments, the others are removed.
   *  @throws {ApiError} when Discord would refuse it; and the message stays unchanged */
  async edit(message: StoredMessage, body: MessageBody, files: readonly Upload[]): Promise<StoredMessage> {
    const { world, clock, events } = this.#options;
    const channel = world.channel(message.channelId);
    // The flag of Components V2 cannot be removed.
    const flagsAfter = () => message.flags | ((body.flags ?? 0) & editableFlags);
    this.check({ ...body, flags: flagsAfter() }, files, message.attachments);
    const added = await this.#saveFiles(body, files, message.channelId);
    // No await from here on, so that simultaneous edits build on each other.
    if (!channel?.messages.has(message.id)) throw refusals.unknownMessage();
    const flags = flagsAfter();
    const next = {
      content: body.content === undefined ? message.content : (body.content?.trim() ?? ''),
      embeds: body.embeds === undefined ? message.embeds : (body.embeds ?? []),
      components: body.components === undefined ? message.components : withIds(body.components ?? []),
    };
    if (flags & MessageFlags.IsComponentsV2 && (next.content !== '' || next.embeds.length > 0)) {
      const code = 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2';
      throw refusals.invalidField(code, 'Content and embeds must be emptied to use Components V2', 'flags');
    }
    const attachments = [...keptAttachments(message.attachments, body, next.embeds), ...added];
    if (isEmptyPayload(next, { files: attachments.map(toFile) })) throw refusals.emptyMessage();
    this.#countOldEdit(message);
    if (body.content !== undefined) message.mentions = this.#mentions(channel, message.authorId, body);
    Object.assign(message, next, { attachments, flags: flags & ~MessageFlags.Loading });
    // The first edit of "thinking..." is the reply itself, and does not count as an edit.
    if (!(flags & MessageFlags.Loading)) message.editedAtMs = clock.nowMs();
    events.publish({ type: 'message-updated', message });
    return message;
  }

  delete(message: StoredMessage): void {
    const { world, events } = this.#options;
    if (!world.channel(message.channelId)?.messages.delete(message.id)) throw refusals.unknownMessage();
    events.publish({ type: 'message-deleted', message });
  }

  /** @param path of the message within the request
   *  @throws {ApiError} 40005 for a file that is too large, 50035 for a violation */
  check(
    body: MessageBody,
    files: readonly Upload[],
    kept: readonly StoredAttachment[] = [],
    path: readonly string[] = [],
  ): void {
    if (files.some(({ data }) => data.length > this.#options.attachmentSizeLimitBytes)) throw refusals.tooLarge();
    const all: PayloadFiles = { files, kept: kept.map(toFile) };
    const violations = findPayloadViolations(body, all);
    if (violations.length === 0) return;
    throw refusals.invalidBody(violations.map((found) => ({ ...found, path: [...path, ...found.path] })));
  }

  #add(draft: Omit<Draft, 'body' | 'files'>, written: Written): StoredMessage {
    const { world, clock, ids, events } = this.#options;
    const { channel, authorId, origin = null, onlyForUserId = null, replyToId = null, forward = null } = draft;
    const message: StoredMessage = {
      id: ids.next(),
      channelId: channel.id,
      guildId: channel.guildId,
      authorId,
      onlyForUserId,
      createdAtMs: clock.nowMs(),
      editedAtMs: null,
      origin,
      replyToId,
      forward,
      ...written,
    };
    world.addMessage(message);
    draft.onId?.(message.id);
    if (channel.thread) this.#countInThread(channel, channel.thread, message);
    events.publish({ type: 'message-created', message });
    return message;
  }

  /** Authors join the thread, except a bot that only answers an interaction. A message reopens an archived thread. */
  #countInThread(channel: Channel, thread: ThreadState, { authorId, origin }: StoredMessage): void {
    thread.sentCount += 1;
    if (origin === null) thread.memberIds.add(authorId);
    if (!thread.archived) return;
    Object.assign(thread, { archived: false, archivedAtMs: this.#options.clock.nowMs() });
    this.#options.events.publish({ type: 'channel-updated', channel });
  }

  async #saveFiles(body: MessageBody, files: readonly Upload[], channelId: string): Promise<StoredAttachment[]> {
    const describe = (index: number) => body.attachments?.find(({ id }) => String(id) === String(index))?.description;
    return Promise.all(
      files.map((file, n) => this.#options.store.save(file, `attachments/${channelId}`, describe(n) ?? null)),
    );
  }

  #mentions(channel: Channel, authorId: string, body: MessageBody) {
    const { world } = this.#options;
    const bits = permissionsInChannel(world, channel, authorId);
    const mayAll = hasAll(bits, PermissionFlagsBits.MentionEveryone);
    const guild = world.guildOf(channel);
    return mentionsOf(body.content ?? '', body.allowed_mentions, {
      isMember: (id) =>
        guild ? guild.members.has(id) : [channel.recipientId, authorId, ...(channel.memberIds ?? [])].includes(id),
      isRole: (id) => guild?.roles.has(id) ?? false,
      mayMentionEveryone: guild !== null && mayAll,
    });
  }

  #countOldEdit(message: StoredMessage): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - message.createdAtMs < oldAfterMs) return;
    const recentMs = (this.#oldEditsMs.get(message) ?? []).filter((atMs) => nowMs - atMs < oldAfterMs);
    const [oldestMs = nowMs] = recentMs;
    if (recentMs.length >= oldEditsMax) throw refusals.tooManyOldEdits((oldestMs + oldAfterMs - nowMs) / 1000);
    this.#oldEditsMs.set(message, [...recentMs, nowMs]);
  }
}

function toFile({ id, fileName }: StoredAttachment) {
  return { id, name: fileName };
}

/** A picture of an embed that stays is kept, although no list of attachments contains it. */
function keptAttachments(
  attachments: readonly StoredAttachment[],
  body: MessageBody,
  embeds: readonly APIEmbed[],
): StoredAttachment[] {
  if (!body.attachments) return [...attachments];
  const listed = new Set(body.attachments.map(({ id }) => String(id)));
  const shown = body.embeds === undefined ? JSON.stringify(embeds) : '';
  return attachments.filter(
    ({ id, fileName }) => listed.has(id) || shown.includes(JSON.stringify(`attachment://${fileName}`)),
  );
}

/** Discord assigns ids to components that have none. */
function withIds(components: readonly APIMessageTopLevelComponent[]): APIMessageTopLevelComponent[] {
  const copy = structuredClone(components) as APIMessageTopLevelComponent[];
  const nodes = componentNodes(copy);
  const taken = new Set(nodes.map(({ body }) => body.id));
  let id = 0;
  for (const { body } of nodes) {
    if (body.id) continue;
    do id += 1;
    while (taken.has(id));
    (body as { id?: number }).id = id;
  }
  return copy;
}

interface MentionScope {
  readonly isMember: (userId: string) => boolean;
  readonly isRole: (roleId: string) => boolean;
  readonly mayMentionEveryone: boolean;
}

/** The users and roles that a message pings: those that its text names, limited by `allowed_mentions`.
 *  @see https://discord.com/developers/docs/resources/message#allowed-mentions-object */
function mentionsOf(
  content: string,
  allowed: APIAllowedMentions | null | undefined,
  { isMember, isRole, mayMentionEveryone }: MentionScope,
): Mentions {
  const named = (pattern: RegExp) => [...new Set([...content.matchAll(pattern)].map((match) => match[1] ?? ''))];
  const pick = (ids: string[], kind: 'users' | 'roles') => {
    if (!allowed || allowed.parse?.includes(kind as never)) return ids;
    return ids.filter((id) => allowed[kind]?.includes(id));
  };
  const everyoneAllowed = !allowed || Boolean(allowed.parse?.includes('everyone' as never));
  return {
    userIds: pick(named(/<@!?(\d+)>/g), 'users').filter(isMember),
    roleIds: pick(named(/<@&(\d+)>/g), 'roles').filter(isRole),
    everyone: mayMentionEveryone && everyoneAllowed && /@(everyone|here)\b/.test(content),
  };
}
