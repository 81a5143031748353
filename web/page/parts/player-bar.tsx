/** What is heard: yours or theirs, and where; with its keys. */
import { Button, CloseButton, Group, Paper, SegmentedControl, Slider, Text } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { formatTime } from '../../../src/format.ts';
import type { Moment } from '../answer-facts.ts';
import type { Player, PlayerState, Side } from '../audio/player.ts';
import { useTexts } from './page-context.ts';
import { momentLabel, PlayMark } from './result-card.tsx';

const seekSec = 2;

interface PlayerBarProps {
  readonly player: Player;
  readonly state: PlayerState;
  readonly name: string;
  readonly moment: Moment;
}

export function PlayerBar({ player, state, name, moment }: PlayerBarProps): ReactNode {
  const texts = useTexts();
  const { page } = texts;
  const { side, isLoading, hasYours } = state;
  useKeys(player);
  const yoursSec = moment.yoursTrack?.atSec ?? moment.yoursSec;
  const fromSec = side === 'yours' ? yoursSec : moment.theirsSec;
  return (
    <Paper component="section" className="player" aria-label={page.player.name} shadow="lg" withBorder p="sm">
      <div className="player-inside">
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <div className="result-name">
            <Text fw={600} truncate="end">
              {name}
            </Text>
            <Text size="sm" c="dimmed">
              {momentLabel(texts, moment)}
            </Text>
          </div>
          <CloseButton aria-label={page.player.close} onClick={() => player.stop()} />
        </Group>
        <Group gap="sm" wrap="nowrap" mt={6}>
          <PlayButton player={player} state={state} />
          <SegmentedControl
            aria-label={page.player.side}
            value={side}
            onChange={(value) => player.hear(value as Side)}
            data={[
              { value: 'yours', label: `${page.player.yours} (A)`, disabled: !hasYours },
              { value: 'theirs', label: `${page.player.theirs} (B)` },
            ]}
          />
          <Position player={player} state={state} fromSec={fromSec} />
        </Group>
        <Text size="xs" c="dimmed" mt={4} className="keys">
          {hasYours || isLoading ? page.player.keys : page.player.yoursMissing}
        </Text>
      </div>
    </Paper>
  );
}

interface ControlProps {
  readonly player: Player;
  readonly state: PlayerState;
}

export function PlayButton({ player, state: { isPlaying, isLoading } }: ControlProps): ReactNode {
  const { page } = useTexts();
  return (
    <Button
      size="sm"
      px="sm"
      loading={isLoading}
      aria-label={isPlaying ? page.player.pause : page.player.play}
      onClick={() => player.toggle()}
    >
      <PlayMark isPlaying={isPlaying} />
    </Button>
  );
}

/** A slider and a clock, in the times of the recording.
 *  @param fromSec where in the recording the loaded sound begins */
export function Position({ player, state, fromSec }: ControlProps & { readonly fromSec: number }): ReactNode {
  const { page } = useTexts();
  const { atSec, durationSec } = state;
  const clock = formatTime(fromSec + atSec);
  return (
    <>
      <Slider
        className="grows"
        thumbLabel={page.player.position}
        label={null}
        min={0}
        max={Math.max(durationSec, 0.1)}
        step={0.01}
        value={atSec}
        thumbProps={{ 'aria-valuetext': clock }}
        onChange={(sec) => player.seek(sec)}
      />
      <Text size="sm" className="clock">
        {clock}
      </Text>
    </>
  );
}

export function useKeys(player: Player): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isText = target instanceof HTMLInputElement && target.type !== 'radio';
      // A focused slider moves by the arrows itself, and a focused button is pressed by space.
      if (isText || (target instanceof HTMLElement && target.role === 'slider' && key.startsWith('Arrow'))) return;
      if (key === ' ' && target instanceof HTMLButtonElement) return;
      const isRadio = target instanceof HTMLInputElement;
      if (key === ' ') player.toggle();
      else if (key === 'a' || key === 'A') player.hear('yours');
      else if (key === 'b' || key === 'B') player.hear('theirs');
      else if (key === 'ArrowLeft' && !isRadio) player.seek(player.read().atSec - seekSec);
      else if (key === 'ArrowRight' && !isRadio) player.seek(player.read().atSec + seekSec);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [player]);
}
