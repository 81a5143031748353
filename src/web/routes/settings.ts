/** /library/settings: what `/library settings` of the bot changes, as far as it is safe without Discord. */
import { z } from 'zod';
import { resultsMax } from '../../answering/question.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { type ScheduleProblem, scheduleProblem } from '../../config/schedule.ts';
import { LeitmotifError } from '../../errors.ts';
import { problemResponses } from '../problems.ts';
import { isoOf } from '../times.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;

const scheduleSchema = z
  .object({
    cron: z.string().describe('Five fields, as in crontab'),
    timeZone: z.string(),
    setBy: z.string().describe('A Discord user, or `web:` and the id of the API key'),
    setAt: z.iso.datetime(),
    nextAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Schedule' });

const serverSchema = z
  .object({
    id: z.string().describe("Discord's id"),
    results: z.int().nullable().describe('Results of an answer; null: as many as usual'),
    private: z.boolean().describe('Whether answers are shown to the person who asks only'),
  })
  .meta({ id: 'DiscordServerSettings' });

export const settingsSchema = z
  .object({
    schedule: scheduleSchema.nullable().describe('When the library is indexed by itself'),
    servers: z.array(serverSchema).describe('Discord servers whose settings differ from the usual ones'),
  })
  .meta({ id: 'Settings' });

export function settingsRoutes(server: WebServer, { services: { catalog }, scheduler, log }: RouteParts): void {
  const shownSettings = () => {
    const schedule = scheduler.current();
    const servers = catalog.guildSettings.guildIds().map((id) => {
      const { results, private: isPrivate } = catalog.guildSettings.get(id);
      return { id, results, private: isPrivate };
    });
    if (schedule === null) return { schedule: null, servers };
    const { cron, timeZone, setBy, setAtMs, next } = schedule;
    return {
      schedule: { cron, timeZone, setBy, setAt: isoOf(setAtMs), nextAt: next?.toISOString() ?? null },
      servers,
    };
  };

  server.route({
    method: 'GET',
    url: '/library/settings',
    config,
    schema: {
      tags,
      summary: 'Settings that can be changed without a restart',
      response: { 200: settingsSchema, ...problemResponses },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'private, no-cache');
      return shownSettings();
    },
  });

  server.route({
    method: 'PUT',
    url: '/library/settings/schedule',
    config,
    schema: {
      tags,
      summary: 'Index the library by itself, at these times',
      body: z.strictObject({
        cron: z.string().trim().min(1).max(100).describe('Five fields, as in crontab; at most once an hour'),
        timeZone: z.string().trim().min(1).max(64).default('UTC'),
      }),
      response: { 200: settingsSchema, ...problemResponses },
    },
    handler: async (request) => {
      const { cron, timeZone } = request.body;
      const problem = scheduleProblem(cron, timeZone);
      if (problem) throw new LeitmotifError('bad-request', scheduleProblems[problem], { facts: { problem } });
      const by = callerOf(request).id;
      const { channelId = null, locale = 'en-US' } = catalog.schedule.get() ?? {};
      await scheduler.set({ cron, timeZone, setBy: by, channelId, locale });
      log.info({ by, cron, timeZone }, 'the schedule was changed');
      return shownSettings();
    },
  });

  server.route({
    method: 'DELETE',
    url: '/library/settings/schedule',
    config,
    schema: {
      tags,
      summary: 'Index the library on request only',
      response: { 200: settingsSchema, ...problemResponses },
    },
    handler: async (request) => {
      await scheduler.clear();
      log.info({ by: callerOf(request).id }, 'the schedule was ended');
      return shownSettings();
    },
  });

  server.route({
    method: 'PATCH',
    url: '/library/settings/servers/:id',
    config,
    schema: {
      tags,
      summary: 'Change the settings of a Discord server',
      params: z.object({ id: z.string().regex(/^\d{1,20}$/) }),
      body: z
        .strictObject({ results: z.int().min(1).max(resultsMax).nullable(), private: z.boolean() })
        .partial()
        .refine((body) => Object.keys(body).length > 0, 'expected a setting'),
      response: { 200: settingsSchema, ...problemResponses },
    },
    handler: async (request) => {
      const { id } = request.params;
      if (!catalog.guildSettings.guildIds().includes(id))
        throw new LeitmotifError('not-found', 'Cannot change these settings: this Discord server has none yet');
      const { results, private: isPrivate } = request.body;
      const changes = {
        ...(results === undefined ? {} : { results }),
        ...(isPrivate === undefined ? {} : { private: isPrivate }),
      };
      await retryBusy(() => catalog.guildSettings.set(id, changes));
      log.info({ by: callerOf(request).id, server: id, ...changes }, 'the settings of a Discord server were changed');
      return shownSettings();
    },
  });
}

const scheduleProblems: Readonly<Record<ScheduleProblem, string>> = {
  cron: 'Cannot use this schedule: expected five fields, as in crontab, that are due some day',
  'too-often': 'Cannot use this schedule: expected one that is due at most once an hour',
  'time-zone': 'Cannot use this schedule: expected a time zone such as Europe/Berlin',
};
