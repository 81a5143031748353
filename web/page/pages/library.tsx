/** The library's tracks: search, sort, and a table that loads while it is scrolled. */
import { CloseButton, Group, NativeSelect, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { getTracks } from '../api/client.ts';
import type { TrackSort } from '../api/types.ts';
import { useLibrary } from '../api/use-library.ts';
import { type LibrarySearch, readLibrarySearch } from '../library-search.ts';
import { useClipPlayer } from '../parts/clip-player.tsx';
import { FailureNote } from '../parts/failure.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { TrackTable } from '../parts/track-table.tsx';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';
import './library.css';

const pageSize = 100;
/** Between two keys, so that a word is not searched letter by letter. */
const typingMs = 200;
const orders = ['title', 'artist', 'album', 'duration', 'added'] as const satisfies TrackSort[];

export function LibraryPage(): ReactNode {
  const { page, amounts } = useTexts();
  const { library } = page;
  const { q = '', sort = 'title', order = 'asc' } = useSearch({ from: '/library' });
  const navigate = useNavigate({ from: '/library' });
  const state = useLibrary();
  const player = useClipPlayer();
  usePageTitle(library.heading);
  const change = (search: LibrarySearch): void => {
    void navigate({
      search: (before) => readLibrarySearch({ ...before, ...search }),
      replace: true,
      resetScroll: false,
    });
  };
  const [typed, setTyped] = useState(q);
  const searchSoon = useDebouncedCallback((words: string) => change({ q: words }), typingMs);

  const found = useInfiniteQuery({
    queryKey: ['tracks', q, sort, order],
    queryFn: ({ pageParam, signal }) => getTracks({ q, sort, order, limit: pageSize, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const tracks = useMemo(() => found.data?.pages.flatMap((each) => each.tracks) ?? [], [found.data]);
  const isAll = found.data !== undefined && !found.hasNextPage;
  let amount: string | null = null;
  if (q === '' && state.data) amount = amounts.count(state.data.tracks.indexed, library.one, library.other);
  else if (isAll) amount = amounts.count(tracks.length, library.one, library.other);

  return (
    <Stack gap="md">
      <Group justify="space-between" align="baseline">
        <Title order={1} size="h2">
          {library.heading}
        </Title>
        <Text c="dimmed" role="status">
          {amount}
        </Text>
      </Group>
      <Group align="flex-end" gap="sm" wrap="nowrap" className="library-controls">
        <TextInput
          className="grows"
          type="search"
          label={library.search}
          value={typed}
          onChange={({ currentTarget: { value } }) => {
            setTyped(value);
            searchSoon(value);
          }}
          rightSection={
            typed !== '' && (
              <CloseButton
                aria-label={library.clear}
                onClick={() => {
                  setTyped('');
                  change({ q: '' });
                }}
              />
            )
          }
        />
        <NativeSelect
          label={library.sort}
          value={sort}
          data={orders.map((value) => ({ value, label: library.sorts[value] }))}
          onChange={({ currentTarget: { value } }) => change({ sort: value as TrackSort })}
        />
        <UnstyledButton
          className="direction"
          aria-label={order === 'desc' ? library.descending : library.ascending}
          onClick={() => change({ order: order === 'desc' ? 'asc' : 'desc' })}
        >
          {order === 'desc' ? '↓' : '↑'}
        </UnstyledButton>
      </Group>
      {(found.error ?? player.failure) && (
        <FailureNote
          problem={found.error ? problemOf(found.error) : (player.failure ?? problemOf(null))}
          {...(found.error ? { onAgain: () => void found.refetch() } : {})}
        />
      )}
      {found.isPending && <PageLoader />}
      {found.data && tracks.length === 0 && <Text role="status">{q === '' ? library.empty : library.none}</Text>}
      {tracks.length > 0 && (
        <TrackTable
          tracks={tracks}
          total={isAll ? tracks.length : null}
          sort={sort}
          isDescending={order === 'desc'}
          player={player}
          onSort={(wanted) =>
            change(wanted === sort ? { order: order === 'desc' ? 'asc' : 'desc' } : { sort: wanted, order: 'asc' })
          }
          onEnd={() => {
            if (found.hasNextPage && !found.isFetchingNextPage && !found.isError) void found.fetchNextPage();
          }}
        />
      )}
      {player.bar}
    </Stack>
  );
}
