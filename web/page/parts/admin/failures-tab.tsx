/** Recordings that could not be indexed: why, and trying them again. */
import { Button, Group, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Failures, getFailures, getReindexes, retryFailures } from '../../api/admin.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { ReindexNote } from './reindex-note.tsx';
import { Section } from './section.tsx';
import { isOpen, useFollowed } from './use-followed.ts';

export function FailuresTab(): ReactNode {
  const { page } = useTexts();
  const { failures } = page.admin;
  const formats = useFormats();
  const queries = useQueryClient();
  const found = useQuery({ queryKey: ['failures'], queryFn: ({ signal }) => getFailures(signal) });
  const jobs = useQuery({ queryKey: ['reindexes'], queryFn: ({ signal }) => getReindexes(signal) });
  const job = useFollowed(jobs.data?.[0] ?? null, () => void queries.invalidateQueries());
  const retry = useMutation({
    mutationFn: retryFailures,
    onSettled: () => void queries.invalidateQueries({ queryKey: ['reindexes'] }),
  });
  const isRunning = job !== null && isOpen(job);
  const failure = retry.error ?? found.error ?? jobs.error;
  const rest = found.data ? found.data.total - found.data.failures.length : 0;
  return (
    <Section heading={failures.heading}>
      {failure && <FailureNote problem={problemOf(failure)} onAgain={() => void found.refetch()} />}
      {isRunning && <ReindexNote job={job} />}
      {found.isPending && <PageLoader />}
      {found.data?.total === 0 && <Text role="status">{failures.none}</Text>}
      {found.data && found.data.total > 0 && (
        <>
          <Group>
            <Button disabled={isRunning} loading={retry.isPending} onClick={() => retry.mutate(null)}>
              {failures.retryAll}
            </Button>
          </Group>
          <FailureTable
            found={found.data}
            isBusy={isRunning || retry.isPending}
            onRetry={(key) => retry.mutate([key])}
          />
          {rest > 0 && <Text c="dimmed">{failures.more(formats.whole(rest))}</Text>}
        </>
      )}
    </Section>
  );
}

function FailureTable({
  found,
  isBusy,
  onRetry,
}: {
  found: Failures;
  isBusy: boolean;
  onRetry: (key: string) => void;
}): ReactNode {
  const { page } = useTexts();
  const { failures } = page.admin;
  const formats = useFormats();
  return (
    <Table className="stacks">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{failures.recording}</Table.Th>
          <Table.Th>{failures.why}</Table.Th>
          <Table.Th>{failures.next}</Table.Th>
          <Table.Td />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {found.failures.map(({ key, code, message, tries, retryAt }) => (
          <Table.Tr key={key}>
            <Table.Td className="breaks">{key}</Table.Td>
            <Table.Td className="breaks">
              <Text size="sm">{failures.reasons[code] ?? message}</Text>
              {failures.reasons[code] !== undefined && (
                <Text size="xs" c="dimmed" lang="en">
                  {message}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <Text size="sm">{retryAt === null ? failures.whenChanged : formats.at(retryAt)}</Text>
              {tries > 1 && (
                <Text size="xs" c="dimmed">
                  {failures.tries(formats.whole(tries))}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <Button
                size="xs"
                variant="default"
                disabled={isBusy}
                aria-label={failures.retryNamed(key)}
                onClick={() => onRetry(key)}
              >
                {failures.retry}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
