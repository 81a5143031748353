/** Tasks about the library that would block a program's thread: run by the indexing process (src/index-job.ts). */
import type { Mark } from '../catalog/marks.ts';
import { markName } from '../indexing/clusters/cluster-names.ts';
import type { JobAnswers, JobTask, MarkChange, MarkFacts } from './job-protocol.ts';
import type { Services } from './services.ts';

type OtherTask = Exclude<JobTask, { readonly kind: 'index' | 'plan' }>;
type TaskServices = Pick<Services, 'catalog' | 'config' | 'indexing' | 'maintenance' | 'maps' | 'worker'>;

interface TaskOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

export async function runLibraryTask(
  task: OtherTask,
  services: TaskServices,
  { signal, onProgress }: TaskOptions,
): Promise<JobAnswers[keyof JobAnswers]> {
  const { catalog, indexing, maintenance } = services;
  switch (task.kind) {
    case 'counts':
      return catalog.counts();
    case 'failures': {
      const failures = catalog.tracks.failures();
      return { total: failures.length, shown: failures.slice(0, task.countMax) };
    }
    case 'map':
      await services.maps.update(signal);
      return 'made';
    case 'marks':
      return catalog.marks.list(await services.worker.spaceId()).map(factsOf);
    case 'clusters':
      return indexing.clusters(signal);
    case 'mark': {
      const { clusterId, clustering, by } = task;
      return changed(services, async () => (await indexing.markClusters([clusterId], signal, { clustering, by }))[0]);
    }
    case 'unmark':
      return changed(services, () => indexing.liftMark(task.markId, signal));
    case 'backup': {
      const { backupsKept } = services.config.maintenance;
      return maintenance.backUp({ keep: backupsKept === 0 ? undefined : backupsKept, signal });
    }
    case 'verify':
      return maintenance.verify({ deep: task.deep, signal, onProgress });
  }
}

async function changed(
  { catalog, worker }: TaskServices,
  change: () => Promise<Mark | undefined>,
): Promise<MarkChange> {
  const spaceId = await worker.spaceId();
  const generationId = () => catalog.spaces.get(spaceId)?.built?.generationId ?? null;
  const before = generationId();
  const mark = await change();
  if (mark === undefined) throw new RangeError('Cannot report a mark: none was made');
  return { mark: factsOf(mark), generationIds: [before, generationId()] };
}

function factsOf(mark: Mark): MarkFacts {
  const { note, madeAtMs, chunks, tracks } = mark;
  return { name: markName(mark), note, madeAtMs, chunks, tracks };
}
