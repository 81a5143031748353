/** The library's tracks, with search. */
import { Button, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { fileStem, formatTime } from '../../../src/format.ts';
import { getTracks } from '../api/client.ts';
import { FailureNote } from '../parts/failure.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';

const pageSize = 100;

export function LibraryPage(): ReactNode {
  const { page } = useTexts();
  const { library } = page;
  const { q = '', sort = 'title', order = 'asc' } = useSearch({ from: '/library' });
  const navigate = useNavigate({ from: '/library' });
  usePageTitle(library.heading);
  const found = useInfiniteQuery({
    queryKey: ['tracks', q, sort, order],
    queryFn: ({ pageParam, signal }) => getTracks({ q, sort, order, limit: pageSize, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const tracks = found.data?.pages.flatMap((each) => each.tracks) ?? [];
  return (
    <Stack gap="md">
      <Title order={1} size="h2">
        {library.heading}
      </Title>
      <TextInput
        type="search"
        label={library.search}
        value={q}
        onChange={({ currentTarget: { value } }) =>
          void navigate({ search: (old) => ({ ...old, q: value }), replace: true })
        }
      />
      {found.error && <FailureNote problem={problemOf(found.error)} onAgain={() => void found.refetch()} />}
      {found.isPending && <PageLoader />}
      {found.data && tracks.length === 0 && <Text role="status">{q === '' ? library.empty : library.none}</Text>}
      {tracks.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{library.title}</Table.Th>
              <Table.Th>{library.artist}</Table.Th>
              <Table.Th>{library.duration}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tracks.map((track) => (
              <Table.Tr key={track.id}>
                <Table.Td className="breaks">
                  <Link to="/tracks/$id" params={{ id: String(track.id) }}>
                    {track.title ?? fileStem(track.key)}
                  </Link>
                </Table.Td>
                <Table.Td className="breaks">{track.artist}</Table.Td>
                <Table.Td>{formatTime(track.durationSec)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {found.hasNextPage && (
        <Button variant="default" className="fits" onClick={() => void found.fetchNextPage()}>
          {library.more}
        </Button>
      )}
    </Stack>
  );
}
