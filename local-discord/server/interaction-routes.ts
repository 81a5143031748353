/** Routes to answer interactions: the callback, and the webhook, which is valid for 15 minutes. */
import { type InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refusals } from './api-error.ts';
import type { Core } from './core.ts';
import type { InteractionRecord } from './interaction-record.ts';
import type { CallbackBody } from './interactions.ts';
import { isTrue } from './json.ts';
import type { MessageBody } from './messages.ts';
import { uploadBody } from './upload-body.ts';
import type { StoredMessage } from './world.ts';

interface CallbackRoute {
  Params: { id: string; token: string };
  Querystring: { with_response?: string };
}

interface WebhookRoute {
  Params: { application: string; token: string; message: string };
}

/** @param arrivedAtMs when the request's head arrived */
export function interactionRoutes(
  app: FastifyInstance,
  core: Core,
  arrivedAtMs: (request: FastifyRequest) => number,
): void {
  const { interactions, presenter, messages, applicationId } = core;

  app.post<CallbackRoute>('/interactions/:id/:token/callback', async (request, reply) => {
    const { params, query } = request;
    const { json, files } = uploadBody(request);
    const body = json as CallbackBody;
    const atMs = arrivedAtMs(request);
    const { interaction, message } = await interactions.answer(params.id, params.token, body, files, atMs);
    if (!isTrue(query.with_response)) return reply.status(204).send();
    return callbackResponse(interaction, message, body.type, message && presenter.message(message));
  });

  const find = ({ application, token, message: id }: WebhookRoute['Params']) => {
    if (application !== applicationId) throw refusals.unknownWebhook();
    const interaction = interactions.withToken(token);
    return { interaction, message: interactions.message(interaction, id) };
  };
  app.post<WebhookRoute>('/webhooks/:application/:token', async (request) => {
    const { application, token } = request.params;
    if (application !== applicationId) throw refusals.unknownWebhook();
    const { json, files } = uploadBody(request);
    // Webhooks of interactions return the message, also without ?wait=true.
    return presenter.message(await interactions.followUp(token, json as MessageBody, files));
  });
  app.get<WebhookRoute>('/webhooks/:application/:token/messages/:message', async ({ params }) =>
    presenter.message(find(params).message),
  );
  app.patch<WebhookRoute>('/webhooks/:application/:token/messages/:message', async (request) => {
    const { interaction, message } = find(request.params);
    const { json, files } = uploadBody(request);
    return presenter.message(await interactions.edit(interaction, message, json as MessageBody, files));
  });
  app.delete<WebhookRoute>('/webhooks/:application/:token/messages/:message', async ({ params }, reply) => {
    messages.delete(find(params).message);
    return reply.status(204).send();
  });
}

function callbackResponse(
  { id, type, originalId }: InteractionRecord,
  message: StoredMessage | null,
  responseType: InteractionResponseType,
  body: unknown,
) {
  const has = (flag: MessageFlags) => Boolean((message?.flags ?? 0) & flag);
  return {
    interaction: {
      id,
      type,
      ...(originalId === null ? {} : { response_message_id: originalId }),
      response_message_loading: has(MessageFlags.Loading),
      response_message_ephemeral: has(MessageFlags.Ephemeral),
    },
    // Choices and modals create no message.
    ...(message ? { resource: { type: responseType, message: body } } : {}),
  };
}
