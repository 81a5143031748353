/** Ten seconds of a track to hear, with a bar at the bottom of the page. */
import { CloseButton, Group, Paper, Text } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Problem, Track } from '../api/types.ts';
import { loadClip } from '../audio/moments.ts';
import { Player, type PlayerState } from '../audio/player.ts';
import { useTexts } from './page-context.ts';
import { PlayButton, Position, useKeys } from './player-bar.tsx';
import { problemOf } from './use-asking.ts';

export interface Clip {
  readonly trackId: number;
  readonly name: string;
  readonly fromSec: number;
}

export interface ClipPlayer {
  /** What is loaded; null: nothing. */
  readonly clip: Clip | null;
  readonly state: PlayerState;
  readonly failure: Problem | null;
  /** Plays it, or pauses it if it is being played. */
  readonly hear: (clip: Clip) => void;
  /** Plays it from its beginning, unless that is what is being heard. */
  readonly hearAtOnce: (clip: Clip) => void;
  readonly bar: ReactNode;
}

/** Where a track is heard when nothing says where: most begin with less than what they are. */
export function typicalSec({ durationSec }: Pick<Track, 'durationSec'>): number {
  return Math.floor(Math.min(60, durationSec / 3));
}

export function useClipPlayer(): ClipPlayer {
  const [player] = useState(() => new Player());
  const state = useSyncExternalStore(player.subscribe, player.read);
  const [loaded, setLoaded] = useState<Clip | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  useEffect(() => () => player.close(), [player]);
  const hearAtOnce = useCallback(
    (clip: Clip): void => {
      if (player.read().momentId === idOf(clip)) return;
      setLoaded(clip);
      setFailure(null);
      player
        .play(idOf(clip), (context) => loadClip(context, clip.trackId, clip.fromSec))
        .catch((error: unknown) => setFailure(problemOf(error)));
    },
    [player],
  );
  const hear = useCallback(
    (clip: Clip): void => {
      if (player.read().momentId === idOf(clip)) player.toggle();
      else hearAtOnce(clip);
    },
    [player, hearAtOnce],
  );
  const clip = state.momentId === null ? null : loaded;
  const bar = clip && <ClipBar player={player} state={state} clip={clip} />;
  return useMemo(
    () => ({ clip, state, failure, hear, hearAtOnce, bar }),
    [clip, state, failure, hear, hearAtOnce, bar],
  );
}

function idOf({ trackId, fromSec }: Clip): string {
  return `${trackId}-${fromSec}`;
}

function ClipBar({ player, state, clip }: { player: Player; state: PlayerState; clip: Clip }): ReactNode {
  const { page } = useTexts();
  useKeys(player);
  return (
    <Paper component="section" className="player" aria-label={page.player.name} shadow="lg" withBorder p="sm">
      <div className="player-inside">
        <Group gap="sm" wrap="nowrap">
          <PlayButton player={player} state={state} />
          <Text fw={600} truncate="end" className="result-name">
            {clip.name}
          </Text>
          <Position player={player} state={state} fromSec={clip.fromSec} />
          <CloseButton aria-label={page.player.close} onClick={() => player.stop()} />
        </Group>
      </div>
    </Paper>
  );
}
