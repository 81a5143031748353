/** A reindex that runs or has ended. */
import type { ReactNode } from 'react';
import type { Reindex } from '../../api/admin.ts';
import { useTexts } from '../page-context.ts';
import { useFormats } from './amounts.ts';
import { JobNote } from './job-note.tsx';

export function ReindexNote({ job }: { job: Reindex }): ReactNode {
  const { page } = useTexts();
  const { reindex, job: words } = page.admin;
  const formats = useFormats();
  const { progress, waitingFor, state } = job;
  const parts: string[] = [];
  if (waitingFor !== null) parts.push(words.waitsFor(waitingFor));
  else if (progress === null) parts.push(state === 'waiting' ? words.states.waiting : reindex.elsewhere);
  else {
    const { phase, tracksDone, tracksTotal, failed, etaSec } = progress;
    parts.push(reindex.phases[phase]);
    if (phase === 'embed') parts.push(words.counted(formats.whole(tracksDone), formats.whole(tracksTotal)));
    if (failed > 0) parts.push(reindex.failed(formats.whole(failed)));
    if (etaSec !== null && etaSec >= 1) parts.push(words.left(formats.duration(etaSec)));
  }
  return <JobNote name={reindex.name} job={job} doing={parts.join(', ')} share={shareOf(progress)} />;
}

function shareOf(progress: Reindex['progress']): number | null {
  if (progress === null || progress.phase === 'scan') return null;
  if (progress.phase !== 'embed') return 0.98;
  return progress.bytesTotal === 0 ? null : 0.95 * (progress.bytesDone / progress.bytesTotal);
}
