/** Requests of the administration, and what they give. */
import type { z } from 'zod';
import type { jobSchema } from '../../../src/web/job-view.ts';
import type { backupsSchema } from '../../../src/web/routes/backups.ts';
import type { clustersSchema, effectSchema, marksSchema } from '../../../src/web/routes/clusters.ts';
import type { failuresSchema } from '../../../src/web/routes/failures.ts';
import type { serverSchema, workersSchema } from '../../../src/web/routes/operations.ts';
import type { planSchema, reindexesSchema, reindexSchema } from '../../../src/web/routes/reindexes.ts';
import type { settingsSchema } from '../../../src/web/routes/settings.ts';
import { base, json, request, send } from './client.ts';

export type LibraryJob = z.infer<typeof jobSchema>;
export type Reindex = z.infer<typeof reindexSchema>;
export type Plan = z.infer<typeof planSchema>;
export type Failures = z.infer<typeof failuresSchema>;
export type Clusters = z.infer<typeof clustersSchema>;
export type Cluster = Clusters['clusters'][number];
export type MarkEffect = z.infer<typeof effectSchema>;
export type Marks = z.infer<typeof marksSchema>;
export type Backups = z.infer<typeof backupsSchema>;
export type Workers = z.infer<typeof workersSchema>;
export type ServerState = z.infer<typeof serverSchema>;
export type Settings = z.infer<typeof settingsSchema>;
export type ReindexMode = Reindex['mode'];

const get = <T>(path: string, signal: AbortSignal) => json<T>(`${base}${path}`, { signal });

async function sent<T>(method: Parameters<typeof send>[1], path: string, body?: object): Promise<T> {
  return (await (await send(`${base}${path}`, method, body)).json()) as T;
}

export const getReindexes = (signal: AbortSignal) =>
  get<z.infer<typeof reindexesSchema>>('/library/reindexes', signal).then(({ reindexes }) => reindexes);
export const planReindex = (mode: ReindexMode) => sent<Plan>('POST', '/library/reindexes', { mode, dryRun: true });
export const beginReindex = (mode: ReindexMode) => sent<Reindex>('POST', '/library/reindexes', { mode });

export const getFailures = (signal: AbortSignal) => get<Failures>('/library/failures?limit=500', signal);
/** @param keys null: all */
export const retryFailures = (keys: readonly string[] | null) =>
  sent<Reindex>('POST', '/library/failures/retries', keys === null ? {} : { keys });

/** @returns the job while they are made */
export const getClusters = (signal: AbortSignal) => get<Clusters | LibraryJob>('/library/clusters', signal);
export const getMarks = (signal: AbortSignal) => get<Marks>('/library/marks', signal).then(({ marks }) => marks);
export const effectOfMark = (id: string) => sent<MarkEffect>('PUT', `/library/marks/${id}`, { dryRun: true });
/** @returns null when it was marked already */
export async function mark(id: string): Promise<LibraryJob | null> {
  const response = await send(`${base}/library/marks/${id}`, 'PUT', {});
  return response.status === 204 ? null : ((await response.json()) as LibraryJob);
}
export const unmark = (id: string) => sent<LibraryJob>('DELETE', `/library/marks/${id}`);

export const getBackups = (signal: AbortSignal) => get<Backups>('/library/backups', signal);
export const beginBackup = () => sent<LibraryJob>('POST', '/library/backups');
export const beginCheck = (deep: boolean) => sent<LibraryJob>('POST', '/library/checks', { deep });
export const getJobs = (signal: AbortSignal) =>
  get<{ readonly jobs: readonly LibraryJob[] }>('/library/jobs', signal).then(({ jobs }) => jobs);

export const getWorkers = (signal: AbortSignal) => get<Workers>('/workers', signal).then(({ workers }) => workers);
export const getServer = (signal: AbortSignal) => get<ServerState>('/server', signal);

export const getSettings = (signal: AbortSignal) => get<Settings>('/library/settings', signal);
export const setSchedule = (schedule: { readonly cron: string; readonly timeZone: string }) =>
  sent<Settings>('PUT', '/library/settings/schedule', schedule);
export const endSchedule = () => sent<Settings>('DELETE', '/library/settings/schedule');
export const changeServer = (id: string, changes: { readonly results?: number | null; readonly private?: boolean }) =>
  sent<Settings>('PATCH', `/library/settings/servers/${encodeURIComponent(id)}`, changes);

export async function cancelJob({ self }: { readonly self: string }): Promise<void> {
  await request(self, { method: 'DELETE' });
}

export async function getSound(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  return (await request(path, { signal })).arrayBuffer();
}
