/** The embedding workers and this server: whether they are there, on what they compute, and what waits for them. */
import { Alert, Badge, Group, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { getServer, getWorkers, type ServerState, type Workers } from '../../api/admin.ts';
import { failureSentence } from '../../texts/texts.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { Section } from './section.tsx';

const lookEachMs = 5_000;

export function WorkersTab(): ReactNode {
  const { page } = useTexts();
  const { workers: words } = page.admin;
  const found = useQuery({
    ...{ queryKey: ['workers'], refetchInterval: lookEachMs },
    queryFn: ({ signal }) => getWorkers(signal),
  });
  const server = useQuery({
    ...{ queryKey: ['server'], refetchInterval: lookEachMs },
    queryFn: ({ signal }) => getServer(signal),
  });
  return (
    <>
      <Section heading={words.heading}>
        {found.error && <FailureNote problem={problemOf(found.error)} onAgain={() => void found.refetch()} />}
        {found.isPending && <PageLoader />}
        {found.data?.map((worker) => (
          <WorkerFacts key={worker.host ?? ''} worker={worker} />
        ))}
      </Section>
      <Section heading={words.server}>
        {server.error && <FailureNote problem={problemOf(server.error)} onAgain={() => void server.refetch()} />}
        {server.data && <ServerFacts server={server.data} />}
      </Section>
    </>
  );
}

function WorkerFacts({ worker }: { worker: Workers['workers'][number] }): ReactNode {
  const texts = useTexts();
  const { workers: words } = texts.page.admin;
  const formats = useFormats();
  const { host, state, error, models, queue, version } = worker;
  const name = host ?? words.own;
  const rows: [string, string][] = models.flatMap(({ name: model, version: of, device, passedOver }) => [
    [words.model, `${model} ${of}`] as [string, string],
    [words.device, passedOver.length === 0 ? device : `${device} (${words.passedOver(passedOver.join(', '))})`],
  ]);
  if (queue) rows.push([words.queue, words.queued(formats.whole(queue.running), formats.whole(queue.waiting))]);
  if (version) rows.push([words.version, version]);
  return (
    <article aria-label={name}>
      <Group gap="xs" mb="xs">
        <Title order={3} size="h5">
          {name}
        </Title>
        <Badge variant="light" className={`state is-${state}`}>
          {words.states[state]}
        </Badge>
      </Group>
      {state === 'unavailable' && (
        <Alert color="red" className="failure" role="alert" title={error ? failureSentence(texts, error, 0) : ''}>
          {words.advice}
        </Alert>
      )}
      {rows.length > 0 && <Facts rows={rows} />}
    </article>
  );
}

function ServerFacts({ server }: { server: ServerState }): ReactNode {
  const { page } = useTexts();
  const { workers: words } = page.admin;
  const formats = useFormats();
  const { version, node, startedAt, memoryBytes, queries, disk } = server;
  const rows: [string, string][] = [
    [words.version, `${version}, Node ${node}`],
    [words.since, formats.at(startedAt)],
    [words.memory, formats.bytes(memoryBytes)],
    [words.queries, words.queued(formats.whole(queries.running), formats.whole(queries.waiting))],
  ];
  if (disk) rows.push([words.disk, words.diskUse(formats.bytes(disk.usedBytes), formats.bytes(disk.freeBytes))]);
  return <Facts rows={rows} />;
}

function Facts({ rows }: { rows: readonly (readonly [string, string])[] }): ReactNode {
  return (
    <Table className="facts">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={`${name} ${value}`}>
            <Table.Th scope="row">{name}</Table.Th>
            <Table.Td className="breaks">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
