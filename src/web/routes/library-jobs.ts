/** /library/jobs: what an admin has begun, with its events, and cancelling. */
import { z } from 'zod';
import { LeitmotifError } from '../../errors.ts';
import { hasEnded, type LibraryJob } from '../../services/library-jobs.ts';
import { jobSchema, shownJob } from '../job-view.ts';
import { problemResponses } from '../problems.ts';
import { eventResponses, numberParams } from '../route-schemas.ts';
import type { RouteParts, WebServer } from '../web-server.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;

export function libraryJobRoutes(server: WebServer, { jobs, streams }: RouteParts): void {
  const jobOf = (id: number): LibraryJob => {
    const job = jobs.get(id);
    if (job) return job;
    throw new LeitmotifError('not-found', `Cannot find job ${id}: this server does not know it (any more)`);
  };

  server.route({
    method: 'GET',
    url: '/library/jobs',
    config,
    schema: {
      tags,
      summary: 'Backups, checks, clusters and marks of this server, newest first',
      response: { 200: z.object({ jobs: z.array(jobSchema) }).meta({ id: 'LibraryJobs' }), ...problemResponses },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { jobs: jobs.list().map(shownJob) };
    },
  });

  server.route({
    method: 'GET',
    url: '/library/jobs/:id',
    config,
    schema: { tags, summary: 'A job', params: numberParams, response: { 200: jobSchema, ...problemResponses } },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return shownJob(jobOf(request.params.id));
    },
  });

  server.route({
    method: 'GET',
    url: '/library/jobs/:id/events',
    config,
    schema: {
      tags,
      summary: 'Changes of a job, as Server-Sent Events',
      params: numberParams,
      response: eventResponses,
    },
    handler: async (request, reply) => {
      const { id } = jobOf(request.params.id);
      const current = () => {
        const job = jobOf(id);
        return { event: 'state', data: shownJob(job), isLast: hasEnded(job) };
      };
      streams.stream(reply, current, (onChange) => jobs.onChange(id, onChange));
    },
  });

  server.route({
    method: 'DELETE',
    url: '/library/jobs/:id',
    config,
    schema: {
      tags,
      summary: 'Cancel a job; one that has ended stays as it is',
      params: numberParams,
      response: { 204: z.undefined().describe('It ends now, or had ended'), ...problemResponses },
    },
    handler: async (request, reply) => {
      jobs.cancel(jobOf(request.params.id).id);
      return reply.code(204).send();
    },
  });
}
