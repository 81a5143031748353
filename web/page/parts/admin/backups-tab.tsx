/** Backups of the catalog, and checks of the index. */
import { Button, Checkbox, Code, List, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Backups, beginBackup, beginCheck, getBackups, getJobs, type LibraryJob } from '../../api/admin.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { JobNote } from './job-note.tsx';
import { Section } from './section.tsx';
import { isOpen, useFollowed } from './use-followed.ts';

export function BackupsTab(): ReactNode {
  return (
    <>
      <BackupSection />
      <CheckSection />
    </>
  );
}

/** The newest job of a kind, followed until it ends, and beginning another one. */
function useNewest(kind: LibraryJob['kind'], onEnd: () => void) {
  const queries = useQueryClient();
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: ({ signal }) => getJobs(signal) });
  const newest = jobs.data?.find((each) => each.kind === kind) ?? null;
  const job = useFollowed(newest, () => {
    void queries.invalidateQueries({ queryKey: ['jobs'] });
    onEnd();
  });
  return {
    job,
    isRunning: job !== null && isOpen(job),
    refresh: () => queries.invalidateQueries({ queryKey: ['jobs'] }),
  };
}

function BackupSection(): ReactNode {
  const { page } = useTexts();
  const { backups } = page.admin;
  const formats = useFormats();
  const queries = useQueryClient();
  const found = useQuery({ queryKey: ['backups'], queryFn: ({ signal }) => getBackups(signal) });
  const { job, isRunning, refresh } = useNewest(
    'backup',
    () => void queries.invalidateQueries({ queryKey: ['backups'] }),
  );
  const begin = useMutation({ mutationFn: beginBackup, onSuccess: refresh });
  const failure = found.error ?? begin.error;
  return (
    <Section heading={backups.heading} hint={backups.hint}>
      {failure && <FailureNote problem={problemOf(failure)} onAgain={() => void found.refetch()} />}
      {job?.backup && (
        <Text role="status">
          {backups.done(formats.bytes(job.backup.sizeBytes), formats.tracks(job.backup.tracks))}
        </Text>
      )}
      {job && !job.backup && (
        <JobNote name={backups.name} job={job} doing={page.admin.job.states.running} share={null} />
      )}
      {!isRunning && (
        <Button className="fits" loading={begin.isPending} onClick={() => begin.mutate()}>
          {backups.begin}
        </Button>
      )}
      {found.isPending && <PageLoader />}
      {found.data && <BackupTable found={found.data} />}
    </Section>
  );
}

function BackupTable({ found }: { found: Backups }): ReactNode {
  const { page } = useTexts();
  const { backups } = page.admin;
  const formats = useFormats();
  const [newest] = found.backups;
  return (
    <>
      <Text size="sm" className="breaks">
        {newest === undefined ? `${backups.none} ` : ''}
        {backups.location(found.location)}
      </Text>
      {newest && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{backups.name}</Table.Th>
              <Table.Th>{backups.made}</Table.Th>
              <Table.Th>{backups.size}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.backups.map(({ name, madeAt, sizeBytes }) => (
              <Table.Tr key={name}>
                <Table.Td className="breaks">{name}</Table.Td>
                <Table.Td title={formats.at(madeAt)}>{formats.ago(madeAt)}</Table.Td>
                <Table.Td>{formats.bytes(sizeBytes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {newest && (
        <div>
          <Text size="sm">{backups.restore}</Text>
          <Code block>{`npm run library -- restore ${newest.name}`}</Code>
        </div>
      )}
    </>
  );
}

function CheckSection(): ReactNode {
  const { page } = useTexts();
  const { backups, job: words } = page.admin;
  const formats = useFormats();
  const [isDeep, setIsDeep] = useState(false);
  const queries = useQueryClient();
  const { job, isRunning, refresh } = useNewest(
    'verify',
    () => void queries.invalidateQueries({ queryKey: ['library'] }),
  );
  const begin = useMutation({ mutationFn: beginCheck, onSuccess: refresh });
  const { findings = null, progress = null } = job ?? {};
  const doing = progress
    ? words.counted(formats.whole(progress.done), formats.whole(progress.total))
    : words.states.running;
  return (
    <Section heading={backups.check} hint={backups.checkHint}>
      {begin.error && <FailureNote problem={problemOf(begin.error)} />}
      {job && findings === null && (
        <JobNote
          name={backups.checking}
          job={job}
          doing={doing}
          share={progress && progress.total > 0 ? progress.done / progress.total : null}
        />
      )}
      {findings?.length === 0 && <Text role="status">{backups.sound}</Text>}
      {findings !== null && findings.length > 0 && (
        <List size="sm" role="status">
          {findings.map(({ where, what, remedy }) => (
            <List.Item key={`${where} ${what}`} className="breaks">
              {`${backups.where[where] ?? where}: `}
              <span lang="en">{what}</span>
              {` (${backups.remedies[remedy]})`}
            </List.Item>
          ))}
        </List>
      )}
      {!isRunning && (
        <>
          <Checkbox
            label={backups.deep}
            checked={isDeep}
            onChange={({ currentTarget: { checked } }) => setIsDeep(checked)}
          />
          <Button variant="default" className="fits" loading={begin.isPending} onClick={() => begin.mutate(isDeep)}>
            {backups.checkBegin}
          </Button>
        </>
      )}
    </Section>
  );
}
