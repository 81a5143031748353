/** The same recording under other names. Nothing is shown where there is none. */
import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { getDuplicates } from '../api/client.ts';
import { useTexts } from './page-context.ts';
import { trackName } from './track-name.ts';

export function SameRecordings({ trackId }: { trackId: number }): ReactNode {
  const { page } = useTexts();
  const { data } = useQuery({
    queryKey: ['duplicates', trackId],
    queryFn: ({ signal }) => getDuplicates(trackId, signal),
  });
  if (!data || data.length === 0) return null;
  return (
    <section aria-label={page.library.duplicates}>
      <Title order={2} size="h4" mb="xs">
        {page.library.duplicates}
      </Title>
      <Stack component="ul" gap={0} className="list">
        {data.map((track) => (
          <li key={track.id} className="list-row">
            <div className="result-name">
              <Link to="/tracks/$id" params={{ id: String(track.id) }}>
                {trackName(track)}
              </Link>
              <Text size="sm" c="dimmed" className="breaks">
                {track.key}
              </Text>
            </div>
          </li>
        ))}
      </Stack>
    </section>
  );
}
