/** A track in a list: to hear, to open, and what the list is about at the end. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Clip, ClipPlayer } from './clip-player.tsx';
import { HearButton } from './hear-button.tsx';

interface TrackRowProps {
  readonly player: ClipPlayer;
  readonly clip: Clip;
  readonly artist: string | null;
  readonly children: ReactNode;
}

export function TrackRow({ player, clip, artist, children }: TrackRowProps): ReactNode {
  return (
    <li className="list-row">
      <HearButton player={player} clip={clip} />
      <div className="result-name">
        <Link to="/tracks/$id" params={{ id: String(clip.trackId) }}>
          {clip.name}
        </Link>
        {artist && (
          <Text size="sm" c="dimmed" truncate="end">
            {artist}
          </Text>
        )}
      </div>
      {children}
    </li>
  );
}
