/** Routes of channels and messages, for calls with the bot's token. */
import { type APIMessageReference, MessageReferenceType, PermissionFlagsBits as P } from 'discord-api-types/v10';
import type { FastifyInstance } from 'fastify';
import { refusals } from './api-error.ts';
import type { Upload } from './attachment-store.ts';
import { channelAccess } from './channel-access.ts';
import type { Core } from './core.ts';
import { isEmptyPayload } from './message-rules.ts';
import type { MessageBody } from './messages.ts';
import { sendBit } from './permissions.ts';
import { snapshotOf } from './present.ts';
import { channel as channelBody } from './shapes.ts';
import { uploadBody } from './upload-body.ts';
import type { Channel, Forward, StoredMessage } from './world.ts';

/** Discord says "a few minutes". */
const nonceLifeMs = 5 * 60_000;

interface ChannelRoute {
  Params: { channel: string; message: string };
  Querystring: { limit?: string; before?: string; after?: string; around?: string };
}

type PostBody = MessageBody & {
  readonly enforce_nonce?: boolean;
  readonly message_reference?: APIMessageReference & { readonly fail_if_not_exists?: boolean };
};

export function channelRoutes(app: FastifyInstance, core: Core): void {
  const { world, messages, presenter, botId, clock } = core;
  const byNonce = new Map<string, Promise<StoredMessage>>();

  const { permissions, seen, message, require } = channelAccess(core);
  const show = (found: StoredMessage) => presenter.messageForBot(found, botId, core.hasMessageContent);
  const checkCarried = (channel: Channel, body: MessageBody, files: readonly Upload[]) => {
    if (files.length > 0) require(channel, P.AttachFiles);
    if (body.embeds?.length) require(channel, P.EmbedLinks);
  };
  const forwardOf = ({ channel_id: channelId, message_id: messageId }: APIMessageReference): Forward => {
    const from = seen(String(channelId));
    require(from, P.ReadMessageHistory);
    const found = message(from, String(messageId));
    return { messageId: found.id, channelId: from.id, guildId: from.guildId, snapshot: snapshotOf(found) };
  };
  const post = async (channel: Channel, body: PostBody, files: readonly Upload[]) => {
    const { message_reference: reference } = body;
    if (reference?.type === MessageReferenceType.Forward) {
      if (!isEmptyPayload(body, { files })) {
        const text = 'A forward cannot have content of its own';
        throw refusals.invalidField('MESSAGE_FORWARD_CANNOT_HAVE_CONTENT', text, 'message_reference');
      }
      return messages.create({ channel, authorId: botId, body: {}, files: [], forward: forwardOf(reference) });
    }
    const replyToId = reference?.message_id ?? null;
    if (replyToId !== null) require(channel, P.ReadMessageHistory);
    const isMissing = replyToId !== null && !channel.messages.has(replyToId);
    if (isMissing && reference?.fail_if_not_exists !== false) {
      throw refusals.invalidField('REPLIES_UNKNOWN_MESSAGE', 'Unknown message', 'message_reference');
    }
    return messages.create({ channel, authorId: botId, body, files, replyToId: isMissing ? null : replyToId });
  };

  app.get<ChannelRoute>('/channels/:channel', async ({ params }) => channelBody(seen(params.channel), world));

  app.get<ChannelRoute>('/channels/:channel/messages', async ({ params, query }) => {
    const channel = seen(params.channel);
    if (!(permissions(channel) & P.ReadMessageHistory)) return [];
    const limit = Math.min(100, Math.max(1, Number(query.limit ?? 50)));
    const all = [...channel.messages.values()].filter(({ onlyForUserId }) => onlyForUserId === null);
    const { before, after } = query;
    const inRange = all.filter(
      ({ id }) => (!before || BigInt(id) < BigInt(before)) && (!after || BigInt(id) > BigInt(after)),
    );
    const page = after ? inRange.slice(0, limit) : inRange.slice(-limit);
    return page.reverse().map(show);
  });

  app.get<ChannelRoute>('/channels/:channel/messages/:message', async ({ params }) => {
    const channel = seen(params.channel);
    require(channel, P.ReadMessageHistory);
    return show(message(channel, params.message));
  });

  app.post<ChannelRoute>('/channels/:channel/messages', async (request) => {
    const channel = seen(request.params.channel);
    const { json, files } = uploadBody(request);
    const body = json as PostBody;
    require(channel, sendBit(channel));
    checkCarried(channel, body, files);
    if (!body.enforce_nonce || (body.nonce ?? null) === null) return show(await post(channel, body, files));
    // Equal nonces give one message, also when the second call arrives before the first is finished.
    const key = `${channel.id} ${body.nonce}`;
    const existing = byNonce.get(key);
    if (existing) return show(await existing);
    const posted = post(channel, body, files);
    byNonce.set(key, posted);
    clock.after(nonceLifeMs, () => byNonce.delete(key));
    posted.catch(() => byNonce.delete(key));
    return show(await posted);
  });

  app.patch<ChannelRoute>('/channels/:channel/messages/:message', async (request) => {
    const channel = seen(request.params.channel);
    const found = message(channel, request.params.message);
    if (found.authorId !== botId) throw refusals.notYourMessage();
    const { json, files } = uploadBody(request);
    checkCarried(channel, json as MessageBody, files);
    return show(await messages.edit(found, json as MessageBody, files));
  });

  app.delete<ChannelRoute>('/channels/:channel/messages/:message', async ({ params }, reply) => {
    const channel = seen(params.channel);
    const found = message(channel, params.message);
    if (found.authorId !== botId) require(channel, P.ManageMessages);
    messages.delete(found);
    return reply.status(204).send();
  });

  app.post<ChannelRoute>('/channels/:channel/typing', async ({ params }, reply) => {
    const channel = seen(params.channel);
    require(channel, sendBit(channel));
    return reply.status(204).send();
  });
}
