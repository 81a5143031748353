/** The state of the library. */
import { Badge, Paper, Stack, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { LibraryState } from '../api/types.ts';
import { useLibrary } from '../api/use-library.ts';
import { FailureNote } from '../parts/failure.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';
import type { Texts } from '../texts/texts.ts';

export function AdminPage(): ReactNode {
  const texts = useTexts();
  const { admin } = texts.page;
  const library = useLibrary();
  usePageTitle(admin.heading);
  return (
    <Stack gap="lg">
      <Title order={1} size="h2">
        {admin.heading}
      </Title>
      {library.error && <FailureNote problem={problemOf(library.error)} onAgain={() => void library.refetch()} />}
      {library.isPending && <PageLoader />}
      {library.data && <State library={library.data} texts={texts} />}
    </Stack>
  );
}

function State({ library, texts }: { library: LibraryState; texts: Texts }): ReactNode {
  const { admin } = texts.page;
  const { tracks, hours, chunks, generation, indexError, worker, lastRun, spaceId } = library;
  const number = new Intl.NumberFormat(texts.language);
  const date = new Intl.DateTimeFormat(texts.language, { dateStyle: 'medium', timeStyle: 'short' });
  const at = (iso: string): string => date.format(new Date(iso));
  const rows: readonly (readonly [string, ReactNode])[] = [
    [admin.tracks, number.format(tracks.indexed)],
    [admin.failed, number.format(tracks.failed)],
    [admin.removed, number.format(tracks.removed)],
    [admin.hours, number.format(Math.round(hours * 10) / 10)],
    [
      admin.chunks,
      chunks &&
        admin.chunkCounts(number.format(chunks.music), number.format(chunks.silence + chunks.applause + chunks.noise)),
    ],
    [
      admin.index,
      generation
        ? admin.built(at(generation.builtAt), number.format(generation.tracks))
        : admin.noIndex(indexError ?? ''),
    ],
    [
      admin.worker,
      <Badge key="worker" variant="light" color={worker === 'ready' ? 'teal' : 'red'} className="state">
        {admin.workerStates[worker]}
      </Badge>,
    ],
    [admin.lastRun, lastRun ? admin.run(lastRun.state, at(lastRun.finishedAt ?? lastRun.startedAt)) : admin.never],
    [admin.space, spaceId ?? admin.unknown],
  ];
  return (
    <Paper component="section" withBorder radius="md" p="md" aria-label={admin.state}>
      <Title order={2} size="h4" mb="xs">
        {admin.state}
      </Title>
      <Table>
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className="breaks">{value ?? admin.unknown}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
