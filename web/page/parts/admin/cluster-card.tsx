/** One group: how large it is, why it may not be music, examples to hear, and marking it. */
import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatTime, trackName } from '../../../../src/format.ts';
import type { Cluster } from '../../api/admin.ts';
import { useTexts } from '../page-context.ts';
import { useFormats } from './amounts.ts';
import { MarkChange } from './mark-change.tsx';
import type { Sound } from './use-sound.ts';

interface ClusterCardProps {
  readonly cluster: Cluster;
  readonly sound: Sound;
  readonly onChanged: () => void;
}

export function ClusterCard({ cluster, sound, onChanged }: ClusterCardProps): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const formats = useFormats();
  const { id, number, chunks, tracks, reasons, isMarked, examples } = cluster;
  const name = clusters.cluster(formats.whole(number));
  return (
    <Paper component="article" withBorder radius="md" p="md" className="cluster" aria-label={name}>
      <Stack gap="sm">
        <Group gap="xs" align="baseline">
          <Title order={3} size="h5">
            {name}
          </Title>
          <Text size="sm" c="dimmed">
            {clusters.size(formats.chunks(chunks), formats.tracks(tracks))}
          </Text>
          {isMarked && <Badge className="state is-marked">{clusters.marked}</Badge>}
        </Group>
        <Group gap={6}>
          {reasons.map(({ kind, value }) => (
            <Badge key={kind} variant="light" className="state">
              {clusters.reasons[kind](
                kind === 'quiet' || kind === 'steady' ? formats.tenths(value) : formats.percent(value),
              )}
            </Badge>
          ))}
          {reasons.length === 0 && (
            <Text size="sm" c="dimmed">
              {clusters.noReason}
            </Text>
          )}
        </Group>
        <Group gap="xs">
          {examples.map((example) => {
            const isPlaying = sound.playing === example.clip;
            const moment = `${trackName(example)} ${formatTime(example.startSec)}`;
            return (
              <Button
                key={example.clip}
                size="compact-sm"
                variant={isPlaying ? 'filled' : 'default'}
                className="example"
                aria-label={isPlaying ? clusters.stop(moment) : clusters.play(moment)}
                onClick={() => sound.toggle(example.clip)}
              >
                <span aria-hidden="true">{isPlaying ? '■' : '▶'}</span>
                <span className="example-name">{moment}</span>
              </Button>
            );
          })}
        </Group>
        <MarkChange id={id} name={name} isMarked={isMarked} onChanged={onChanged} />
      </Stack>
    </Paper>
  );
}
