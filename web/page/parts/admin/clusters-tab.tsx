/** Groups of chunks by sound, to hear, and to mark as not music. */
import { Button, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Clusters, getClusters, getMarks, type LibraryJob, type Marks } from '../../api/admin.ts';
import { ProblemError } from '../../api/client.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { ClusterCard } from './cluster-card.tsx';
import { JobNote } from './job-note.tsx';
import { MarkChange } from './mark-change.tsx';
import { Section } from './section.tsx';
import { useFollowed } from './use-followed.ts';
import { useSound } from './use-sound.ts';

/** One strong reason reaches this alone. */
const suspiciousFrom = 1;

export function ClustersTab(): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const queries = useQueryClient();
  const found = useQuery({ queryKey: ['clusters'], queryFn: ({ signal }) => getClusters(signal) });
  const marks = useQuery({ queryKey: ['marks'], queryFn: ({ signal }) => getMarks(signal) });
  const making = found.data && !isMade(found.data) ? found.data : null;
  const job = useFollowed<LibraryJob>(making, () => void queries.invalidateQueries({ queryKey: ['clusters'] }));
  const onChanged = (): void => {
    for (const queryKey of [['clusters'], ['marks'], ['library']]) void queries.invalidateQueries({ queryKey });
  };
  const isEmpty = found.error instanceof ProblemError && found.error.problem.code === 'index-empty';
  const made = found.data && isMade(found.data) ? found.data : null;
  const older = marks.data?.filter(({ id }) => made && !made.clusters.some((cluster) => cluster.id === id)) ?? [];
  return (
    <>
      <Section heading={clusters.heading} hint={clusters.hint}>
        {isEmpty && <Text role="status">{clusters.none}</Text>}
        {found.error && !isEmpty && (
          <FailureNote problem={problemOf(found.error)} onAgain={() => void found.refetch()} />
        )}
        {found.isPending && <PageLoader />}
        {job && <JobNote name={clusters.heading} job={job} doing={clusters.making} share={null} />}
        {made && <ClusterList made={made} onChanged={onChanged} />}
      </Section>
      {older.length > 0 && <OlderMarks marks={older} onChanged={onChanged} />}
    </>
  );
}

function isMade(data: Clusters | LibraryJob): data is Clusters {
  return 'clusters' in data;
}

function ClusterList({ made, onChanged }: { made: Clusters; onChanged: () => void }): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const formats = useFormats();
  const sound = useSound();
  const [isWhole, setIsWhole] = useState(false);
  const isFirst = ({ suspicion, isMarked }: Clusters['clusters'][number]): boolean =>
    suspicion >= suspiciousFrom || isMarked;
  const first = made.clusters.filter(isFirst);
  const shown = isWhole || first.length === 0 ? made.clusters : first;
  const hidden = made.clusters.length - shown.length;
  return (
    <>
      {sound.error !== null && <FailureNote problem={problemOf(sound.error)} />}
      <ul className="clusters">
        {shown.map((cluster) => (
          <li key={cluster.id}>
            <ClusterCard cluster={cluster} sound={sound} onChanged={onChanged} />
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <Button variant="default" className="fits wraps" onClick={() => setIsWhole(true)}>
          {clusters.more(formats.whole(hidden))}
        </Button>
      )}
    </>
  );
}

function OlderMarks({ marks, onChanged }: { marks: Marks['marks']; onChanged: () => void }): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const formats = useFormats();
  return (
    <Section heading={clusters.older} hint={clusters.olderHint}>
      <ul className="clusters">
        {marks.map(({ id, madeAt, chunks, tracks }) => {
          const name = clusters.markedAt(formats.at(madeAt), formats.chunks(chunks), formats.tracks(tracks));
          return (
            <li key={id} className="older-mark">
              <Text size="sm">{name}</Text>
              <MarkChange id={id} name={name} isMarked onChanged={onChanged} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
