/** A track of the library: what it is, its waveform, and asking with it. */
import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { fileStem } from '../../../src/format.ts';
import { getTrack, getWaveform } from '../api/client.ts';
import type { Track } from '../api/types.ts';
import { useAskingHere } from '../parts/asking-context.ts';
import { FailureNote } from '../parts/failure.tsx';
import { Lane } from '../parts/lane.tsx';
import { NotFoundPage } from '../parts/not-found.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';

export function TrackPage(): ReactNode {
  const id = Number(useParams({ from: '/tracks/$id' }).id);
  const isId = Number.isSafeInteger(id) && id > 0;
  const track = useQuery({ queryKey: ['track', id], queryFn: ({ signal }) => getTrack(id, signal), enabled: isId });
  if (!isId) return <NotFoundPage />;
  if (track.error) return <FailureNote problem={problemOf(track.error)} onAgain={() => void track.refetch()} />;
  return track.data ? <TrackView track={track.data} /> : <PageLoader />;
}

function TrackView({ track }: { track: Track }): ReactNode {
  const { page } = useTexts();
  const { ask } = useAskingHere();
  const name = track.title ?? fileStem(track.key);
  usePageTitle(name);
  const waveform = useQuery({ queryKey: ['waveform', track.id], queryFn: () => getWaveform(track.id) });
  return (
    <Stack gap="lg">
      <div>
        <Title order={1} size="h2" className="breaks">
          {name}
        </Title>
        <Text className="breaks">{[track.artist, track.album].filter(Boolean).join(' · ')}</Text>
      </div>
      <Paper component="section" withBorder radius="md" p="md" aria-label={page.library.waveform(name)}>
        <Lane
          label={page.library.waveform(name)}
          waveform={waveform.data ?? null}
          durationSec={track.durationSec}
          regions={[]}
          atSec={null}
        />
      </Paper>
      <Group>
        <Button onClick={() => ask({ kind: 'track', trackId: track.id, name })}>{page.answer.askWith}</Button>
        <Link to="/library">{page.library.toLibrary}</Link>
      </Group>
    </Stack>
  );
}
