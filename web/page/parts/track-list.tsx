/** A short list of tracks, each to hear, to open and to ask with. */
import { Button, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Track } from '../api/types.ts';
import { useAskingHere } from './asking-context.ts';
import { type ClipPlayer, typicalSec } from './clip-player.tsx';
import { HearButton } from './hear-button.tsx';
import { useTexts } from './page-context.ts';
import { trackName } from './track-name.ts';

export function TrackList({ tracks, player }: { tracks: readonly Track[]; player: ClipPlayer }): ReactNode {
  const { page } = useTexts();
  const { ask } = useAskingHere();
  return (
    <Stack component="ul" gap={0} className="list">
      {tracks.map((track) => {
        const name = trackName(track);
        return (
          <li key={track.id} className="list-row">
            <HearButton player={player} clip={{ trackId: track.id, name, fromSec: typicalSec(track) }} />
            <div className="result-name">
              <Link to="/tracks/$id" params={{ id: String(track.id) }}>
                {name}
              </Link>
              {track.artist && (
                <Text size="sm" c="dimmed" truncate="end">
                  {track.artist}
                </Text>
              )}
            </div>
            <Button
              size="xs"
              variant="default"
              aria-label={page.answer.askWithNamed(name)}
              onClick={() => ask({ kind: 'track', trackId: track.id, name })}
            >
              {page.answer.askWith}
            </Button>
          </li>
        );
      })}
    </Stack>
  );
}
