/** /library/clusters and /library/marks: chunks that may not be music, to hear, and which of them no answer uses. */
import { z } from 'zod';
import type { Track } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { markName, parseMarkName } from '../../indexing/clusters/cluster-names.ts';
import { requireClustering } from '../../indexing/clusters/marking.ts';
import type { ReviewedCluster } from '../../indexing/clusters/review-clusters.ts';
import { jobSchema, markSchema, shownJob, shownMark } from '../job-view.ts';
import { HttpRefusal, problemResponses } from '../problems.ts';
import { prefix } from '../query-view.ts';
import { isoOf } from '../times.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;
const markParams = z.object({ id: z.string().regex(/^[0-9a-f]{12}-[1-9]\d{0,2}$/) });
const namedTrackSchema = z.object({ id: z.int(), key: z.string(), title: z.string().nullable() });
const share = z.number().min(0).max(1);

const clusterSchema = z
  .object({
    id: z.string().describe('For /library/marks/{id}'),
    number: z.int().describe('As `npm run library -- clusters` shows it'),
    suspicion: z.number().describe('From 1 on, one reason alone is strong; 0: none'),
    reasons: z
      .array(
        z.object({
          kind: z.enum(['rejected', 'noisy', 'widespread', 'edges', 'quiet', 'steady']),
          value: z.number().describe('A share, 0 to 1; of quiet and steady: dB'),
          text: z.string().describe('In English'),
        }),
      )
      .describe('Why it may not be music, strongest first'),
    chunks: z.int(),
    tracks: z.int(),
    rejectedShare: share.describe('Of its chunks, those that no answer uses anyway: silence, applause or noise'),
    isMarked: z.boolean(),
    examples: z
      .array(
        namedTrackSchema.extend({
          startSec: z.number(),
          endSec: z.number(),
          clip: z.string().describe('Address of ten seconds to hear'),
        }),
      )
      .describe('The most typical chunks'),
  })
  .meta({ id: 'Cluster' });

export const clustersSchema = z
  .object({
    generation: z.string(),
    madeAt: z.iso.datetime(),
    chunks: z.int(),
    tracks: z.int(),
    clusters: z.array(clusterSchema).describe('Most suspicious first'),
  })
  .meta({ id: 'Clusters' });

export const marksSchema = z.object({ marks: z.array(markSchema) }).meta({ id: 'Marks' });

export const effectSchema = z
  .object({
    chunks: z.int().describe('That a mark would exclude from all answers'),
    tracks: z.int().describe('With chunks of the cluster'),
    wholeTracks: z.int().describe('Tracks that no answer could name any more'),
    examplesOfWholeTracks: z.array(namedTrackSchema),
  })
  .meta({ id: 'MarkEffect' });

export function clusterRoutes(server: WebServer, parts: RouteParts): void {
  const { services, clusterReviews, libraryQueries } = parts;
  const { catalog } = services;
  const markOf = async (id: string) => {
    const heads = catalog.marks.heads(await services.worker.spaceId());
    return heads.find((head) => markName(head) === id) ?? null;
  };
  const namedTracks = (ids: Iterable<number>): Map<number, Track> => catalog.tracks.byIds(ids);

  server.route({
    method: 'GET',
    url: '/library/clusters',
    config,
    schema: {
      tags,
      summary: 'The chunks of the library in groups by sound',
      description:
        'Made once a generation, in a process of its own, which takes from a second to a minute: 202 with the job until then.',
      response: { 200: clustersSchema, 202: jobSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const current = await clusterReviews.current(callerOf(request).id);
      if ('job' in current) return reply.code(202).header('retry-after', '1').send(shownJob(current.job));
      const { generationId, review, madeAtMs } = current;
      const tracks = namedTracks(review.clusters.flatMap(({ examples }) => examples.map(({ trackId }) => trackId)));
      const marked = new Set(catalog.marks.heads(await services.worker.spaceId()).map(markName));
      const clusters = review.clusters.map((cluster) => {
        const id = `${review.clustering}-${cluster.id}`;
        return { ...shownCluster(cluster, tracks), id, isMarked: marked.has(id) };
      });
      const { chunks, tracks: trackCount } = review;
      return reply
        .code(200)
        .send({ generation: generationId, madeAt: isoOf(madeAtMs), chunks, tracks: trackCount, clusters });
    },
  });

  server.route({
    method: 'GET',
    url: '/library/marks',
    config,
    schema: {
      tags,
      summary: 'What is marked as not music',
      response: { 200: marksSchema, ...problemResponses },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'private, no-cache');
      return { marks: (await libraryQueries.marks()).map(shownMark) };
    },
  });

  server.route({
    method: 'PUT',
    url: '/library/marks/:id',
    config,
    schema: {
      tags,
      summary: 'Mark a cluster as not music, or see what that would exclude',
      description:
        'With `dryRun`, 200 and the effect. Else 202 and the job, which also updates the index; 204 when it is marked already. A mark also applies to recordings that are indexed later.',
      params: markParams,
      body: z.strictObject({ dryRun: z.boolean().default(false) }),
      response: {
        200: effectSchema,
        202: jobSchema,
        204: z.undefined().describe('It is marked already'),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const by = callerOf(request).id;
      if (!request.body.dryRun && (await markOf(id)) !== null) return reply.code(204).send();
      const name = parseMarkName(id);
      const current = await clusterReviews.current(by);
      const cluster =
        'job' in current ? undefined : current.review.clusters.find((each) => each.id === name?.clusterId);
      if ('job' in current || current.review.clustering !== name?.clustering || cluster === undefined) throw outdated();
      if (request.body.dryRun) return reply.code(200).send(effectOf(cluster, namedTracks(cluster.wholeTracks.ids)));
      try {
        requireClustering({ catalog, spaceId: await services.worker.spaceId() }, name.clustering);
      } catch (cause) {
        // Another program clustered another state of the library.
        clusterReviews.forget();
        throw outdated(cause);
      }
      const job = shownJob(clusterReviews.change({ kind: 'mark', ...name, by }, by));
      return reply.code(202).header('location', job.self).send(job);
    },
  });

  server.route({
    method: 'DELETE',
    url: '/library/marks/:id',
    config,
    schema: {
      tags,
      summary: 'Lift a mark: its chunks are music again',
      params: markParams,
      response: { 202: jobSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const mark = await markOf(request.params.id);
      if (mark === null) throw new LeitmotifError('not-found', 'Cannot lift this mark: there is none of this id');
      const job = shownJob(clusterReviews.change({ kind: 'unmark', markId: mark.id }, callerOf(request).id));
      return reply.code(202).header('location', job.self).send(job);
    },
  });
}

function outdated(cause?: unknown): HttpRefusal {
  const message = 'Cannot find this cluster: the library was clustered again. Get /library/clusters, and take its ids';
  return new HttpRefusal(409, 'bad-request', message, { cause });
}

function shownCluster(cluster: ReviewedCluster, tracks: ReadonlyMap<number, Track>) {
  const { id: number, suspicion, reasons, chunks, tracks: trackCount, rejectedShare, examples } = cluster;
  return {
    ...{
      number,
      suspicion,
      reasons: reasons.map(({ kind, value, text }) => ({ kind, value, text })),
      chunks,
      tracks: trackCount,
      rejectedShare,
    },
    examples: examples.flatMap(({ trackId, startSec, endSec }) => {
      const track = tracks.get(trackId);
      const clip = `${prefix}/tracks/${trackId}/audio?from=${Number(startSec.toFixed(3))}`;
      return track?.status === 'indexed' ? [{ ...named(track), startSec, endSec, clip }] : [];
    }),
  };
}

function effectOf({ musicChunks, tracks, wholeTracks }: ReviewedCluster, found: ReadonlyMap<number, Track>) {
  return {
    ...{ chunks: musicChunks, tracks, wholeTracks: wholeTracks.count },
    examplesOfWholeTracks: wholeTracks.ids.flatMap((id) => {
      const track = found.get(id);
      return track ? [named(track)] : [];
    }),
  };
}

function named({ id, key, title }: Track) {
  return { id, key, title };
}
