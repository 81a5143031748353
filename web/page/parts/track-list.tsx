/** A short list of tracks, each to hear, to open and to ask with. */
import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Track } from '../api/types.ts';
import { useAskingHere } from './asking-context.ts';
import { type ClipPlayer, typicalSec } from './clip-player.tsx';
import { useTexts } from './page-context.ts';
import { trackName } from './track-name.ts';
import { TrackRow } from './track-row.tsx';

export function TrackList({ tracks, player }: { tracks: readonly Track[]; player: ClipPlayer }): ReactNode {
  const { page } = useTexts();
  const { ask } = useAskingHere();
  return (
    <Stack component="ul" gap={0} className="list">
      {tracks.map((track) => {
        const name = trackName(track);
        return (
          <TrackRow
            key={track.id}
            player={player}
            clip={{ trackId: track.id, name, fromSec: typicalSec(track) }}
            artist={track.artist}
          >
            <Button
              size="xs"
              variant="default"
              aria-label={page.answer.askWithNamed(name)}
              onClick={() => ask({ kind: 'track', trackId: track.id, name })}
            >
              {page.answer.askWith}
            </Button>
          </TrackRow>
        );
      })}
    </Stack>
  );
}
