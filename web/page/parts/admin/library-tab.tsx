/** The state of the library, and indexing it again. */
import { Alert, Badge, Button, Group, List, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { beginReindex, getReindexes, type Plan, planReindex, type Reindex, type ReindexMode } from '../../api/admin.ts';
import type { LibraryState } from '../../api/types.ts';
import { useLibrary } from '../../api/use-library.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { ReindexNote } from './reindex-note.tsx';
import { Section } from './section.tsx';
import { isOpen, useFollowed } from './use-followed.ts';

export function LibraryTab(): ReactNode {
  const library = useLibrary();
  return (
    <Stack gap="lg">
      {library.error && <FailureNote problem={problemOf(library.error)} onAgain={() => void library.refetch()} />}
      {library.isPending && <PageLoader />}
      {library.data && <State library={library.data} />}
      <Indexing />
    </Stack>
  );
}

export function State({ library }: { library: LibraryState }): ReactNode {
  const { page } = useTexts();
  const { admin } = page;
  const formats = useFormats();
  const { tracks, hours, chunks, generation, indexError, worker, lastRun, spaceId } = library;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [admin.tracks, formats.whole(tracks.indexed)],
    [admin.failed, formats.whole(tracks.failed)],
    [admin.removed, formats.whole(tracks.removed)],
    [admin.hours, formats.tenths(hours)],
    [
      admin.chunks,
      chunks &&
        admin.chunkCounts(formats.whole(chunks.music), formats.whole(chunks.silence + chunks.applause + chunks.noise)),
    ],
    [
      admin.index,
      generation
        ? admin.built(formats.at(generation.builtAt), formats.whole(generation.tracks))
        : admin.noIndex(indexError ?? ''),
    ],
    [
      admin.worker,
      <Badge key="worker" variant="light" className={`state is-${worker}`}>
        {admin.workerStates[worker]}
      </Badge>,
    ],
    [
      admin.lastRun,
      lastRun ? admin.run(lastRun.state, formats.at(lastRun.finishedAt ?? lastRun.startedAt)) : admin.never,
    ],
    [admin.space, spaceId ?? admin.unknown],
  ];
  return (
    <Section heading={admin.state}>
      <Table className="facts">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className="breaks">{value ?? admin.unknown}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Indexing(): ReactNode {
  const { page } = useTexts();
  const { reindex } = page.admin;
  const queries = useQueryClient();
  const [mode, setMode] = useState<ReindexMode>('changed');
  const jobs = useQuery({ queryKey: ['reindexes'], queryFn: ({ signal }) => getReindexes(signal) });
  const plan = useMutation({ mutationFn: planReindex });
  const begin = useMutation({
    mutationFn: beginReindex,
    onSuccess: () => {
      plan.reset();
      void queries.invalidateQueries({ queryKey: ['reindexes'] });
    },
  });
  const [newest] = jobs.data ?? [];
  const job = useFollowed(newest ?? null, () => void queries.invalidateQueries());
  const isRunning = job !== null && isOpen(job);
  const failure = plan.error ?? begin.error ?? jobs.error;
  return (
    <>
      <Section heading={reindex.heading} hint={reindex.hint}>
        {failure && <FailureNote problem={problemOf(failure)} />}
        {isRunning ? (
          <ReindexNote job={job} />
        ) : (
          <>
            {job?.state === 'failed' && <ReindexNote job={job} />}
            <div>
              <SegmentedControl
                aria-label={reindex.mode}
                value={mode}
                onChange={(value) => {
                  setMode(value as ReindexMode);
                  plan.reset();
                }}
                data={(['changed', 'everything'] as const).map((value) => ({ value, label: reindex.modes[value] }))}
              />
              <Text size="sm" c="dimmed" mt={4}>
                {reindex.modeHints[mode]}
              </Text>
            </div>
            {plan.data && <PlanNote plan={plan.data} />}
            <Group>
              <Button variant="default" loading={plan.isPending} onClick={() => plan.mutate(mode)}>
                {reindex.look}
              </Button>
              <Button loading={begin.isPending} onClick={() => begin.mutate(mode)}>
                {reindex.begin}
              </Button>
            </Group>
          </>
        )}
      </Section>
      {jobs.data && jobs.data.length > 0 && <LastReindexes jobs={jobs.data} />}
    </>
  );
}

function PlanNote({ plan }: { plan: Plan }): ReactNode {
  const { page } = useTexts();
  const { reindex } = page.admin;
  const formats = useFormats();
  const counts = Object.keys(reindex.files)
    .map((name) => [name, plan.files[name] ?? 0] as const)
    .filter(([, count]) => count > 0);
  const isNothing = counts.every(([name]) => name === 'unchanged' || name === 'failedBefore');
  const time = plan.expected === null ? null : formats.duration(plan.expected.wallSec);
  return (
    <Alert variant="light" className="plan" title={reindex.plan} role="status">
      {isNothing && <Text size="sm">{reindex.nothing}</Text>}
      <List size="sm">
        {counts.map(([name, count]) => (
          <List.Item key={name}>{`${formats.whole(count)} ${reindex.files[name]}`}</List.Item>
        ))}
      </List>
      {plan.bytes > 0 && <Text size="sm">{reindex.read(formats.bytes(plan.bytes), time)}</Text>}
    </Alert>
  );
}

function LastReindexes({ jobs }: { jobs: readonly Reindex[] }): ReactNode {
  const { page } = useTexts();
  const { reindex, job: words } = page.admin;
  const formats = useFormats();
  return (
    <Section heading={reindex.last}>
      <Table className="stacks">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{reindex.when}</Table.Th>
            <Table.Th>{reindex.mode}</Table.Th>
            <Table.Th>{reindex.by}</Table.Th>
            <Table.Th>{reindex.outcome}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.slice(0, 5).map(({ id, askedAt, mode, askedBy, state }) => (
            <Table.Tr key={id}>
              <Table.Td>{formats.at(askedAt)}</Table.Td>
              <Table.Td>{reindex.modes[mode]}</Table.Td>
              <Table.Td>{formats.who(askedBy)}</Table.Td>
              <Table.Td>{words.states[state]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
