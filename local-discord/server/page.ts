/** Serves page-protocol.ts and the built page. */

import fastifyStatic from '@fastify/static';
import {
  type APIModalInteractionResponseCallbackData,
  InteractionType,
  PermissionFlagsBits,
} from 'discord-api-types/v10';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PageEvent, PageState, PageUser } from '../page-protocol.ts';
import { ApiError } from './api-error.ts';
import type { Core } from './core.ts';
import type { WorldEvent } from './events.ts';
import { send } from './gateway-session.ts';
import { autocomplete, interact } from './interact.ts';
import { readAutocomplete, readForward, readInteraction, readMessage } from './page-bodies.ts';
import { channelFor, commandsFor, forward, isVisible, messagesFor, post } from './people.ts';
import { hasAll, permissionsInChannel } from './permissions.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { directMessageWith } from './seed.ts';
import { readUploads, uploadBody } from './upload-body.ts';
import type { Channel, Guild } from './world.ts';

interface PageRoute {
  Params: { channel: string };
  Querystring: { user?: string };
}

/** Routes under /page. Requires @fastify/websocket. */
export async function pageApi(app: FastifyInstance, core: Core): Promise<void> {
  const { world, presenter } = core;
  await readUploads(app);
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof RefusedByClient) return reply.status(error.status).send({ message: error.message });
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode < 500) return reply.status(statusCode).send({ message: String(error) });
    if (error instanceof ApiError) return reply.status(error.status).send({ message: error.describe() });
    request.log.error(error);
    return reply.status(500).send({ message: `Local Discord broke: ${String(error)}` });
  });
  const me = (request: FastifyRequest): string => {
    const { user } = request.query as PageRoute['Querystring'];
    const found = world.users.get(user ?? '');
    if (!found || found.isBot || found.id === core.ownerId) throw new RefusedByClient('There is no such person.', 404);
    return found.id;
  };

  app.get('/state', async (request) => {
    // An address without a user: the first one.
    const { user } = request.query as PageRoute['Querystring'];
    const first = [...world.users.values()].find(({ id, isBot }) => !isBot && id !== core.ownerId);
    return pageState(core, user === undefined && first ? first.id : me(request));
  });
  app.get<PageRoute>('/channels/:channel/messages', async (request) =>
    messagesFor(core, me(request), request.params.channel).map((message) => presenter.message(message)),
  );
  app.post<PageRoute>('/channels/:channel/messages', async (request) => {
    const { json, files } = uploadBody(request);
    const { content, replyToId } = readMessage(json);
    return presenter.message(await post(core, me(request), request.params.channel, content, files, replyToId));
  });
  app.post<PageRoute>('/channels/:channel/forwards', async (request) => {
    const { channelId, messageId } = readForward(uploadBody(request).json);
    return presenter.message(await forward(core, me(request), channelId, messageId, request.params.channel));
  });
  app.post('/interactions', async (request) => {
    const { json, files } = uploadBody(request);
    return { id: (await interact(core, me(request), readInteraction(json), files)).id };
  });
  app.post('/autocomplete', async (request) => ({
    choices: await autocomplete(core, me(request), readAutocomplete(uploadBody(request).json)),
  }));

  app.get('/events', { websocket: true }, (socket, request) => {
    const userId = (request.query as PageRoute['Querystring']).user ?? '';
    const stop = core.events.subscribe((event) => {
      const sent = pageEvent(core, userId, event);
      if (sent) send(socket, sent);
    });
    socket.on('close', stop);
    socket.on('error', () => socket.terminate());
  });
}

export async function pageFiles(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, { root: folder });
}

/** Each channel, followed by its threads that are not archived. */
function withThreads({ channels, threads }: Guild): Channel[] {
  const open = [...threads.values()].filter(({ thread }) => !thread?.archived);
  return [...channels.values()].flatMap((channel) => [
    channel,
    ...open.filter(({ parentId }) => parentId === channel.id),
  ]);
}

function pageState(core: Core, userId: string): PageState {
  const { world, ownerId, gateway } = core;
  const toPageUser = (id: string): PageUser => {
    const { name, isBot } = world.user(id);
    return { id, name, isBot };
  };
  const guilds = [...world.guilds.values()].filter(({ members }) => members.has(userId));
  const places = [...guilds.map(({ id }) => id), null];
  const commands = places.flatMap((guildId) => commandsFor(core, userId, guildId));
  return {
    me: toPageUser(userId),
    users: [...world.users.keys()].filter((id) => id !== ownerId).map(toPageUser),
    guilds: guilds.map((guild) => ({
      id: guild.id,
      name: guild.name,
      channels: withThreads(guild)
        .filter((channel) => hasAll(permissionsInChannel(world, channel, userId), PermissionFlagsBits.ViewChannel))
        .map(({ id, name, parentId }) => ({ id, name, ...(parentId === null ? {} : { parentId }) })),
    })),
    directMessages: [{ id: directMessageWith(core, userId).id, name: world.user(core.botId).name }],
    // A global command is listed once.
    commands: [...new Map(commands.map((command) => [command.id, command])).values()],
    botOnline: gateway.online,
  };
}

/** @returns null for an event that this user does not receive */
function pageEvent(core: Core, userId: string, event: WorldEvent): PageEvent | null {
  switch (event.type) {
    case 'message-created':
    case 'message-updated':
    case 'message-deleted': {
      const { message, type } = event;
      const { channelId } = message;
      if (!isVisible(message, userId) || !sees(core, userId, channelId)) return null;
      if (type === 'message-deleted') return { type, channelId, messageId: message.id };
      return { type, channelId, message: core.presenter.message(message) };
    }
    case 'interaction-failed':
    case 'interaction-answered': {
      const { interaction, type } = event;
      // The request for autocompletion returns the choices itself.
      const isCompletion = interaction.type === InteractionType.ApplicationCommandAutocomplete;
      if (interaction.userId !== userId || isCompletion) return null;
      if (type === 'interaction-answered') {
        const modal = interaction.modal as APIModalInteractionResponseCallbackData | null;
        return { type, interactionId: interaction.id, ...(modal ? { modal } : {}) };
      }
      return { type, interactionId: interaction.id, messageId: interaction.sourceMessageId };
    }
    case 'commands-changed':
      return { type: 'commands-changed' };
    case 'channel-created':
    case 'channel-updated':
      return { type: 'channels-changed' };
    case 'bot-status':
      return { type: 'bot-status', online: event.online };
    default:
      return null;
  }
}

function sees(core: Core, userId: string, channelId: string): boolean {
  try {
    return Boolean(channelFor(core, userId, channelId));
  } catch {
    return false;
  }
}
