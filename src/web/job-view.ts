/** Jobs about the library as the API shows them: backups, checks, clusters and marks. */
import { z } from 'zod';
import type { Backup } from '../maintenance/backup.ts';
import type { Finding } from '../maintenance/verify.ts';
import type { MarkChange, MarkFacts } from '../services/job-protocol.ts';
import { hasEnded, type LibraryJob } from '../services/library-jobs.ts';
import { problemOf, problemSchema } from './problems.ts';
import { prefix } from './query-view.ts';
import { isoOf, isoOrNull } from './times.ts';

export const markSchema = z
  .object({
    id: z.string().describe('Of the mark, and of the cluster that it was made of'),
    note: z.string(),
    madeAt: z.iso.datetime(),
    chunks: z.int().describe('That it excludes now, also of recordings that were indexed later'),
    tracks: z.int().describe('With such chunks'),
  })
  .meta({ id: 'Mark' });

export const jobKinds = ['clusters', 'mark', 'unmark', 'backup', 'verify'] as const;

export const jobSchema = z
  .object({
    id: z.int(),
    kind: z.enum(jobKinds),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    askedBy: z.string().describe('`web:` and the id of the API key, or `web:local`'),
    askedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    progress: z.object({ done: z.int(), total: z.int() }).nullable().describe('null: it does not count'),
    error: problemSchema.nullable(),
    backup: z
      .object({
        location: z.string(),
        sizeBytes: z.number(),
        tracks: z.int(),
        removed: z.array(z.string()).describe('Older backups that were deleted (BACKUPS_KEPT)'),
      })
      .nullable()
      .describe('Of a finished `backup`'),
    findings: z
      .array(
        z.object({
          where: z.string(),
          what: z.string(),
          remedy: z
            .enum(['mended', 'next-run', 'yours'])
            .describe('mended: repaired; next-run: a reindex repairs it; yours: a person has to act'),
        }),
      )
      .nullable()
      .describe('Of a finished `verify`'),
    mark: markSchema.nullable().describe('Of a finished `mark` or `unmark`'),
    self: z.string(),
    events: z.string(),
  })
  .meta({ id: 'LibraryJob' });

export function shownJob(job: LibraryJob) {
  const { id, task, state, askedBy, failure, answer } = job;
  const self = `${prefix}/library/jobs/${id}`;
  const of = <A>(...kinds: string[]): A | null => (kinds.includes(task.kind) ? (answer as A | null) : null);
  const backup = of<Backup>('backup');
  const changed = of<MarkChange>('mark', 'unmark');
  return {
    ...{ id, kind: task.kind, state, askedBy },
    askedAt: isoOf(job.askedAtMs),
    startedAt: isoOrNull(job.startedAtMs),
    endedAt: isoOrNull(job.endedAtMs),
    progress: hasEnded(job) ? null : job.progress,
    error: failure === null ? null : problemOf(failure, `job-${id}`),
    backup: backup && {
      ...{ location: backup.location, sizeBytes: backup.bytes, tracks: backup.tracks },
      removed: [...backup.removed],
    },
    findings: of<readonly Finding[]>('verify')?.map((finding) => ({ ...finding })) ?? null,
    mark: changed && shownMark(changed.mark),
    self,
    events: `${self}/events`,
  };
}

export function shownMark({ name, note, madeAtMs, chunks, tracks }: MarkFacts) {
  return { id: name, note, madeAt: isoOf(madeAtMs), chunks, tracks };
}
