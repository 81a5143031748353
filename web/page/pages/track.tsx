/** A track of the library: what it is, how it sounds, what is near to it, and under which names it is there again. */
import { Anchor, Button, Group, Paper, Slider, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import { type MouseEvent, type ReactNode, useState } from 'react';
import { formatTime } from '../../../src/format.ts';
import { getTrack, getWaveform, hasKey, wholeAudioUrl } from '../api/client.ts';
import type { Track } from '../api/types.ts';
import { useLibrary } from '../api/use-library.ts';
import { clipSec } from '../audio/moments.ts';
import { useAskingHere } from '../parts/asking-context.ts';
import { type ClipPlayer, typicalSec, useClipPlayer } from '../parts/clip-player.tsx';
import { FailureNote } from '../parts/failure.tsx';
import { Lane } from '../parts/lane.tsx';
import { Neighbours } from '../parts/neighbours.tsx';
import { NotFoundPage } from '../parts/not-found.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { PlayMark } from '../parts/result-card.tsx';
import { SameRecordings } from '../parts/same-recordings.tsx';
import { trackName } from '../parts/track-name.ts';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';

export function TrackPage(): ReactNode {
  const id = Number(useParams({ from: '/tracks/$id' }).id);
  const isId = Number.isSafeInteger(id) && id > 0;
  const track = useQuery({ queryKey: ['track', id], queryFn: ({ signal }) => getTrack(id, signal), enabled: isId });
  if (!isId) return <NotFoundPage />;
  if (track.error) return <FailureNote problem={problemOf(track.error)} onAgain={() => void track.refetch()} />;
  return track.data ? <TrackView key={id} track={track.data} /> : <PageLoader />;
}

function TrackView({ track }: { track: Track }): ReactNode {
  const { page } = useTexts();
  const { ask } = useAskingHere();
  const router = useRouter();
  const player = useClipPlayer();
  const name = trackName(track);
  usePageTitle(name);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start">
        <div className="result-name">
          <Title order={1} size="h2" className="breaks">
            {name}
          </Title>
          <Text className="breaks">{[track.artist, track.album].filter(Boolean).join(' · ')}</Text>
          <Text size="sm" c="dimmed" className="breaks">
            {formatTime(track.durationSec)} · {track.key}
          </Text>
        </div>
        <Group gap="sm">
          <Button onClick={() => ask({ kind: 'track', trackId: track.id, name })}>{page.answer.askWith}</Button>
          <Button variant="default" onClick={() => router.history.back()}>
            {page.library.back}
          </Button>
        </Group>
      </Group>
      {player.failure && <FailureNote problem={player.failure} />}
      <Listening track={track} name={name} player={player} />
      <Neighbours trackId={track.id} player={player} />
      <SameRecordings trackId={track.id} />
      {player.bar}
    </Stack>
  );
}

/** The waveform: ten seconds from where it is clicked, or from where the slider is. */
function Listening({ track, name, player }: { track: Track; name: string; player: ClipPlayer }): ReactNode {
  const { page } = useTexts();
  const { durationSec } = track;
  const [fromSec, setFromSec] = useState(() => typicalSec(track));
  const library = useLibrary();
  const waveform = useQuery({
    queryKey: ['waveform', track.id],
    queryFn: () => getWaveform(track.id),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isHeard = player.clip?.trackId === track.id;
  const isThis = isHeard && player.clip?.fromSec === fromSec;
  const lastSec = Math.max(0, Math.floor(durationSec) - 1);
  const hear = (sec: number): void => player.hear({ trackId: track.id, name, fromSec: sec });
  const onClick = ({ clientX, currentTarget }: MouseEvent): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const sec = Math.min(lastSec, Math.floor(((clientX - left) / width) * durationSec));
    setFromSec(sec);
    hear(sec);
  };
  return (
    <Paper component="section" withBorder radius="md" p="md" aria-label={page.library.listen}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the slider below does the same with keys. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above. */}
      <div className="lane-click" onClick={onClick}>
        <Lane
          label={page.library.waveform(name)}
          waveform={waveform.data ?? null}
          durationSec={durationSec}
          regions={[{ fromSec, durationSec: clipSec, isCurrent: isThis }]}
          atSec={isHeard && player.clip ? player.clip.fromSec + player.state.atSec : null}
        />
      </div>
      <Slider
        mt="xs"
        size="sm"
        thumbLabel={page.library.from}
        thumbProps={{ 'aria-valuetext': formatTime(fromSec) }}
        label={formatTime}
        min={0}
        max={Math.max(1, lastSec)}
        value={fromSec}
        onChange={setFromSec}
      />
      <Group mt="md" gap="sm">
        <Button
          variant="light"
          loading={isThis && player.state.isLoading}
          leftSection={<PlayMark isPlaying={isThis && player.state.isPlaying} />}
          onClick={() => hear(fromSec)}
        >
          {page.library.hearFrom(formatTime(fromSec))}
        </Button>
        {library.data?.playsWholeRecordings && <Whole trackId={track.id} name={name} />}
      </Group>
    </Paper>
  );
}

/** Only where no API key is needed: the browser's own player cannot send one. */
function Whole({ trackId, name }: { trackId: number; name: string }): ReactNode {
  const { page } = useTexts();
  if (hasKey()) return null;
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: a recording of music has no captions. */}
      <audio
        controls
        preload="none"
        src={wholeAudioUrl(trackId)}
        aria-label={page.library.whole(name)}
        className="whole"
      />
      <Anchor href={wholeAudioUrl(trackId)} size="sm" download>
        {page.library.download}
      </Anchor>
    </>
  );
}
