/** The bot's end of the link to other programs over the same index (answering/bot-link-wire.ts), the web server and further
 *  shards: turns in the query queue, and finds to post. */
import { rm } from 'node:fs/promises';
import Fastify from 'fastify';
import { type BotStatus, botSocketOf, requesterSchema, shareOrderSchema } from '../answering/bot-link-wire.ts';
import type { QueryQueue } from '../answering/query-queue.ts';
import { resultOf } from '../answering/stored-result.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { startLines } from '../io/line-response.ts';
import { toLinkError } from '../io/link-error.ts';
import { makePrivateSync } from '../io/private-files.ts';
import { fromRow } from '../query/stored-answer.ts';
import type { BotContext } from './bot-context.ts';
import { isHomeServer } from './library/rights.ts';
import type { AnswerPresenter } from './queries/answer-reply.ts';
import { assertMayShareIn, shareOnce, shareProblemOf } from './share-find.ts';
import { ShareServers } from './share-servers.ts';

export interface WebLinkParts {
  readonly bot: BotContext;
  readonly queue: Pick<QueryQueue, 'enter' | 'assertWelcome'>;
  readonly presenter: AnswerPresenter;
}

/** @returns how to stop listening. A link that cannot be made is logged: the bot works without it. */
export async function openWebLink(parts: WebLinkParts): Promise<AsyncDisposable> {
  const { bot, queue } = parts;
  const socket = botSocketOf(bot.config.indexDir);
  const nothing = { [Symbol.asyncDispose]: async () => {} };
  if (socket === null) {
    bot.log.warn('no link to a web server: the path of INDEX_DIR is too long for a socket');
    return nothing;
  }
  const server = Fastify({ forceCloseConnections: true, bodyLimit: 100_000 });
  server.setErrorHandler((error, _request, reply) => reply.code(400).send(toLinkError(toLeitmotifError(error))));
  const shareServers = new ShareServers(bot);
  server.get('/status', async () => statusOf(bot, shareServers));
  server.post('/welcome', async ({ body }) => {
    queue.assertWelcome(requesterSchema.parse(body));
    return {};
  });
  server.post('/turns', async ({ body }, reply) => {
    const requester = requesterSchema.parse(body);
    const lines = startLines(reply);
    // The other program sees at once that a bot is here, however long its turn takes.
    reply.raw.flushHeaders();
    try {
      const { closed: signal } = lines;
      using _turn = await queue.enter(requester, { signal, onPlace: (place) => lines.tell({ place }) });
      lines.tell({ turn: true });
      await lines.untilClosed();
    } catch (error) {
      if (!lines.closed.aborted) lines.fail(error);
    }
  });
  server.post('/shares', async ({ body }) => share(parts, shareServers, shareOrderSchema.parse(body)));
  try {
    // A bot that was killed left its socket behind.
    await rm(socket, { force: true });
    await server.listen({ path: socket });
    makePrivateSync(socket);
  } catch (err) {
    bot.log.warn({ err }, 'no link to a web server: the socket could not be made');
    await server.close();
    return nothing;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(socket, { force: true });
    },
  };
}

async function statusOf(bot: BotContext, shareServers: ShareServers): Promise<BotStatus> {
  return {
    shareServers: (await shareServers.list()).map(({ id, name }) => ({ id, name })),
    homeServers: [...bot.client.guilds.cache.keys()].filter((id) => isHomeServer(id, bot)),
  };
}

async function share(
  { bot, presenter }: WebLinkParts,
  servers: ShareServers,
  order: ReturnType<typeof shareOrderSchema.parse>,
) {
  const { answerId, rank, userId, serverId, memberOf } = order;
  const known = (await servers.list()).filter(({ id }) => memberOf === null || memberOf.includes(id));
  const [only, another] = serverId === null ? known : known.filter(({ id }) => id === serverId);
  if (only === undefined || (serverId === null && another !== undefined)) throw shareProblemOf(only !== undefined);
  const row = bot.catalog.answers.get(answerId);
  const stored = row === null ? null : fromRow(row);
  if (!stored) throw new LeitmotifError('answer-expired', 'Cannot share: the answer is no longer stored');
  const { id: guildId, channelId, locale } = only;
  await assertMayShareIn(bot.client, channelId);
  const shared = await shareOnce(
    { bot, presenter },
    {
      ...{ stored, result: resultOf(stored, rank, bot), channelId, guildId, userId },
      locale,
      attachmentLimitBytes: null,
    },
  );
  return { serverId: guildId, channelId, ...shared };
}
