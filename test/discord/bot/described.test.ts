/** Every request of the bot, held against Discord's own description of its API (github.com/discord/discord-api-spec,
 *  specs/openapi.json, MIT). The description has a megabyte and changes weekly, so it is not kept here: DISCORD_DESCRIPTION
 *  names the file. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { REST } from 'discord.js';
import { PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, failureOf, optionsOf, saying } from './asking.ts';

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Sent {
  readonly method: string;
  readonly fullRoute: string;
  readonly body?: unknown;
  readonly files?: readonly object[];
}

const file = process.env.DISCORD_DESCRIPTION;

test.skipIf(file !== undefined)(
  'is skipped: set DISCORD_DESCRIPTION to the openapi.json of discord-api-spec',
  (context) => context.skip(),
);

describe.skipIf(file === undefined)("by Discord's description", () => {
  const sent: Sent[] = [];
  let library: TestLibrary;
  let bot: TestBot;

  beforeAll(async () => {
    const request = REST.prototype.request;
    vi.spyOn(REST.prototype, 'request').mockImplementation(function (this: REST, options) {
      const { method, fullRoute, body, files = [] } = options;
      sent.push({ method, fullRoute, files: files.map(() => ({})), ...(body ? { body: plainBody(body) } : {}) });
      return request.call(this, options);
    });
    library = await makeLibrary();
    bot = await makeBot(library, { environment: { NEIGHBOURS: '12' } });
  }, 180_000);

  afterAll(async () => {
    vi.restoreAllMocks();
    await bot?.[Symbol.asyncDispose]();
    await library?.[Symbol.asyncDispose]();
  });

  test('every request of a tour through all that the bot does is valid', async () => {
    const { discord } = bot;
    const ada = discord.addUser({ name: 'Ada', permissions: PermissionFlagsBits.ManageGuild });
    const answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 1), results: 1 }));
    await (await ada.select(answer, 'Listen to a piece', ['1'])).until(
      ({ attachments }) => attachments.length === 3,
      100_000,
    );
    const choice = await saying(await ada.press(answer, 'Share'), 'Which result');
    await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
    await ada.select(answer, 'Rate a piece', [optionsOf(answer, 'Rate a piece')[0]?.value ?? '']);
    await answerTo(await ada.select(answer, 'Query with one of these pieces', ['1']));
    await failureOf(await ada.slash('similar', { link: 'http://127.0.0.1:1/a.mp3', private: true }));
    await ada.autocomplete('similar', 'piece', 'piece');
    const message = await ada.post(discord.defaultChannelId, '', [excerpt(library, 2), excerpt(library, 3)]);
    const menu = await ada.messageCommand('Find similar music', message.channel_id, message.id);
    await saying(menu, 'Which one should I use as the query?');
    for (const subcommand of ['status', 'settings', 'failures', 'reindex']) {
      const used = await ada.slash('library', {}, { subcommand });
      await used.until(({ content, embeds }) => content !== '' || embeds.length > 0, 60_000);
    }
    await (await ada.slash('about')).until(({ embeds }) => embeds.length > 0, 100_000);
    expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(['GET', 'PUT', 'POST', 'PATCH', 'DELETE']));
    expect(complaintsAbout(sent, JSON.parse(readFileSync(file ?? '', 'utf8')) as Description)).toEqual([]);
  }, 300_000);

  test('an invalid request is detected', () => {
    const description = JSON.parse(readFileSync(file ?? '', 'utf8')) as Description;
    const wrong = [
      { method: 'POST', fullRoute: '/channels/1/messages', body: { content: 'x'.repeat(5000) } },
      { method: 'POST', fullRoute: '/nowhere' },
      { method: 'PUT', fullRoute: '/applications/1/commands', body: [{ name: 'a', type: 1, options: [{ type: 99 }] }] },
    ];
    for (const each of wrong) expect(complaintsAbout([each], description)).not.toEqual([]);
  });
});

function complaintsAbout(sent: readonly Sent[], { paths, ...rest }: Description): string[] {
  // Formats of integers and ids are Discord's own; texts are held by their lengths and patterns.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema({ $id: 'discord', ...rest, paths });
  const complaints = sent.flatMap(({ method, fullRoute, body, files = [] }) => {
    const route = Object.keys(paths)
      .filter((template) => matches(template, fullRoute))
      .sort((a, b) => placeholders(a) - placeholders(b))[0];
    const operation = paths[route ?? '']?.[method.toLowerCase()];
    if (route === undefined || !operation) return [`${method} ${fullRoute}: there is no such operation`];
    if (body === undefined) return [];
    const type = files.length > 0 ? 'multipart/form-data' : 'application/json';
    if (!operation.requestBody?.content[type]) return [`${method} ${route}: takes no ${type}`];
    const pointer = ['paths', route, method.toLowerCase(), 'requestBody', 'content', type, 'schema'];
    const check = ajv.getSchema(`discord#/${pointer.map(escapedPart).join('/')}`);
    if (!check) return [`${method} ${route}: has no schema`];
    return check(body) ? [] : [`${method} ${route}: ${ajv.errorsText(check.errors)}`];
  });
  return [...new Set(complaints)];
}

function matches(template: string, route: string): boolean {
  const [wanted, given] = [template.split('/'), decodeURIComponent(route).split('/')];
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at]);
}

function placeholders(template: string): number {
  return template.split('{').length;
}

function escapedPart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** As JSON. The description calls permissions an integer, the documentation a string of digits, which Discord takes. */
function plainBody(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value) => (key === 'default_member_permissions' && value ? Number(value) : value)),
  );
}
