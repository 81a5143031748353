/** Routes of threads and direct messages. */
import { ChannelType, PermissionFlagsBits as P } from 'discord-api-types/v10';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refusals } from './api-error.ts';
import { channelAccess } from './channel-access.ts';
import type { Core } from './core.ts';
import { text } from './field-rules.ts';
import { createThread, directMessageWith } from './seed.ts';
import { channel as channelBody, threadMember } from './shapes.ts';
import { uploadBody } from './upload-body.ts';
import { violationsOf } from './violation.ts';
import type { Channel, ThreadState } from './world.ts';

interface ThreadRoute {
  Params: { channel: string; message: string; guild: string; user: string };
}

/** Minutes. The only values that Discord allows. */
const archiveMinutes = z.literal([60, 1440, 4320, 10_080]).nullish();
const name = text(1, 100);
const fromMessage = z.object({ name, auto_archive_duration: archiveMinutes });
const alone = fromMessage.extend({
  type: z.literal([ChannelType.PublicThread, ChannelType.PrivateThread]).nullish(),
});
const changes = z.object({
  name: name.nullish(),
  archived: z.boolean().nullish(),
  locked: z.boolean().nullish(),
  auto_archive_duration: archiveMinutes,
});

export function threadRoutes(app: FastifyInstance, core: Core): void {
  const { world, botId, events, clock } = core;
  const { permissions, seen, message, require } = channelAccess(core);

  app.post('/users/@me/channels', async (request) => {
    const { recipient_id: recipientId } = read(z.object({ recipient_id: z.string() }), uploadBody(request).json);
    const person = world.users.get(recipientId);
    if (!person) throw refusals.unknownUser();
    if (person.isBot) throw refusals.cannotMessage();
    return channelBody(directMessageWith(core, recipientId), world);
  });

  const parentOf = (id: string): Channel => {
    const channel = seen(id);
    if (channel.type === ChannelType.GuildText) return channel;
    throw refusals.wrongChannelType();
  };
  app.post<ThreadRoute>('/channels/:channel/threads', async (request, reply) => {
    const parent = parentOf(request.params.channel);
    const body = read(alone, uploadBody(request).json);
    // Private by default, according to the documentation.
    const type = body.type ?? ChannelType.PrivateThread;
    require(parent, type === ChannelType.PrivateThread ? P.CreatePrivateThreads : P.CreatePublicThreads);
    return reply.status(201).send(opened(parent, { ...body, type }));
  });
  app.post<ThreadRoute>('/channels/:channel/messages/:message/threads', async (request, reply) => {
    const parent = parentOf(request.params.channel);
    const start = message(parent, request.params.message);
    require(parent, P.CreatePublicThreads);
    const body = read(fromMessage, uploadBody(request).json);
    if (world.channel(start.id)) throw refusals.threadExists();
    return reply.status(201).send(opened(parent, body, start));
  });
  const opened = (parent: Channel, body: z.infer<typeof alone>, start?: ReturnType<typeof message>) => {
    const thread = createThread(core, parent, {
      name: body.name,
      ownerId: botId,
      ...(body.type ? { type: body.type } : {}),
      ...(body.auto_archive_duration ? { autoArchiveMinutes: body.auto_archive_duration } : {}),
      ...(start ? { message: start } : {}),
    });
    return { ...channelBody(thread, world), member: threadMember(thread, botId) };
  };

  const threadOf = (id: string): { channel: Channel; thread: ThreadState } => {
    const channel = seen(id);
    if (!channel.thread) throw refusals.wrongChannelType();
    return { channel, thread: channel.thread };
  };
  app.patch<ThreadRoute>('/channels/:channel', async (request) => {
    const { channel, thread } = threadOf(request.params.channel);
    const body = read(changes, uploadBody(request).json);
    const isOwn = thread.ownerId === botId && body.locked === undefined;
    if (!isOwn) require(channel, P.ManageThreads);
    if (body.name) channel.name = body.name;
    if (typeof body.archived === 'boolean' && body.archived !== thread.archived) {
      Object.assign(thread, { archived: body.archived, archivedAtMs: clock.nowMs() });
    }
    if (typeof body.locked === 'boolean') thread.locked = body.locked;
    if (body.auto_archive_duration) thread.autoArchiveMinutes = body.auto_archive_duration;
    events.publish({ type: 'channel-updated', channel });
    return channelBody(channel, world);
  });
  const memberOf = (channel: Channel, id: string): string => {
    const userId = id === '@me' ? botId : id;
    if (!world.guildOf(channel)?.members.has(userId)) throw refusals.unknownMember();
    return userId;
  };
  app.get<ThreadRoute>('/channels/:channel/thread-members/:user', async ({ params }) => {
    const { channel, thread } = threadOf(params.channel);
    const userId = memberOf(channel, params.user);
    if (!thread.memberIds.has(userId)) throw refusals.unknownMember();
    return threadMember(channel, userId);
  });
  app.put<ThreadRoute>('/channels/:channel/thread-members/:user', async ({ params }, reply) => {
    const { channel, thread } = threadOf(params.channel);
    const userId = memberOf(channel, params.user);
    if (userId !== botId) require(channel, P.SendMessagesInThreads);
    thread.memberIds.add(userId);
    return reply.status(204).send();
  });
  app.delete<ThreadRoute>('/channels/:channel/thread-members/:user', async ({ params }, reply) => {
    const { channel, thread } = threadOf(params.channel);
    const userId = memberOf(channel, params.user);
    if (userId !== botId && thread.ownerId !== botId) require(channel, P.ManageThreads);
    thread.memberIds.delete(userId);
    return reply.status(204).send();
  });
  app.get<ThreadRoute>('/guilds/:guild/threads/active', async ({ params }) => {
    const guild = world.guilds.get(params.guild);
    if (!guild) throw refusals.unknownGuild();
    const threads = [...guild.threads.values()].filter(
      (each) => !each.thread?.archived && permissions(each) & P.ViewChannel,
    );
    const joined = threads.filter(({ thread }) => thread?.memberIds.has(botId));
    return {
      threads: threads.map((each) => channelBody(each, world)),
      members: joined.map((each) => threadMember(each, botId)),
      has_more: false,
    };
  });
}

function read<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const violations = violationsOf(schema, body);
  if (violations.length > 0) throw refusals.invalidBody(violations);
  return schema.parse(body);
}
