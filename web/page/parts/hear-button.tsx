/** A small button that plays ten seconds of a track. */
import { ActionIcon } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Clip, ClipPlayer } from './clip-player.tsx';
import { useTexts } from './page-context.ts';
import { PlayMark } from './result-card.tsx';

interface HearButtonProps {
  readonly player: ClipPlayer;
  readonly clip: Clip;
}

export function HearButton({ player, clip }: HearButtonProps): ReactNode {
  const { page } = useTexts();
  const isThis = player.clip?.trackId === clip.trackId && player.clip.fromSec === clip.fromSec;
  const isPlaying = isThis && player.state.isPlaying;
  return (
    <ActionIcon
      variant={isThis ? 'filled' : 'light'}
      size="lg"
      loading={isThis && player.state.isLoading}
      aria-label={page.library.hear(clip.name)}
      aria-pressed={isPlaying}
      onClick={() => player.hear(clip)}
    >
      <PlayMark isPlaying={isPlaying} />
    </ActionIcon>
  );
}
