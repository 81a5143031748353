/** Error replies when Discord does not answer the bot, with the real errors of discord.js. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { REST, type RepliableInteraction } from 'discord.js';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ErrorReplyOptions, sendErrorReply } from '../../src/discord/error-reply.ts';
import type { Reply } from '../../src/discord/reply.ts';
import { textsOf } from '../../src/discord/texts/texts.ts';
import { LeitmotifError } from '../../src/errors.ts';

const limits = { bytesMax: 1, durationMaxSec: 1, deadlineMs: 1, memoryMaxBytes: 1 };

async function toldOf(error: unknown): Promise<{ readonly code: string; readonly text: string }> {
  let text = '';
  const editReply = async ({ content = '' }: Reply) => {
    text = content;
  };
  const log = pino({ level: 'silent' });
  const how: ErrorReplyOptions = { texts: textsOf(null), log, limits, acknowledged: 'private-reply' };
  const code = await sendErrorReply({ id: '1', editReply } as unknown as RepliableInteraction, error, how);
  return { code, text };
}

async function serverThat(answers: (server: Server) => void): Promise<string> {
  const server = createServer();
  answers(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

const failureAt = (api: string): Promise<unknown> =>
  new REST({ api, timeout: 100, retries: 0 })
    .setToken('x')
    .get('/users/@me')
    .catch((error: unknown) => error);

describe('that Discord', () => {
  const untaken = {
    code: 'discord-unavailable',
    text: expect.stringMatching(/^Discord did not accept my answer\. Try/),
  };

  test('does not answer in time is reported as that, and not as "Cancelled."', async () => {
    const error = await failureAt(await serverThat((server) => server.on('request', () => {})));
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(await toldOf(error)).toEqual(untaken);
  });

  test('closes connections or is unreachable is reported as that, and not as an internal error', async () => {
    const closing = await serverThat((server) => server.on('connection', (socket) => socket.destroy()));
    expect(await toldOf(await failureAt(closing))).toEqual(untaken);
    expect(await toldOf(await failureAt('http://127.0.0.1:9/api'))).toEqual(untaken);
  });
});

test("reports an abort by one of our signals with the signal's reason", async () => {
  const stopping = new LeitmotifError('stopping', 'The bot is being restarted');
  const error = await sleep(10_000, undefined, { signal: AbortSignal.abort(stopping) }).catch(
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'AbortError' });
  expect(await toldOf(error)).toMatchObject({ code: 'stopping' });
  const cancelled = new LeitmotifError('cancelled', 'Cancelled by its asker');
  expect(await toldOf(cancelled)).toEqual({ code: 'cancelled', text: 'Cancelled.' });
});
