/** A query that runs, in the bot's words, with a way to end it. */
import { Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { QueryState } from '../api/types.ts';
import type { Texts } from '../texts/texts.ts';
import { useTexts } from './page-context.ts';

interface ProgressNoteProps {
  readonly name: string;
  /** null: the recording is being sent. */
  readonly state: QueryState | null;
  readonly onCancel: () => void;
}

export function ProgressNote({ name, state, onCancel }: ProgressNoteProps): ReactNode {
  const texts = useTexts();
  const { page, bot } = texts;
  return (
    <Paper p="xl" radius="lg" withBorder>
      <Stack gap="md">
        <Title order={1} size="h3" className="breaks">
          {page.progress.name(name)}
        </Title>
        <Progress value={shareOf(state) * 100} animated size="lg" radius="xl" aria-label={page.progress.name(name)} />
        <Group justify="space-between" wrap="nowrap">
          <Text role="status">{sentence(texts, state)}</Text>
          <Button variant="default" onClick={onCancel}>
            {bot.progress.cancel}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function sentence({ page, bot }: Texts, state: QueryState | null): string {
  if (state === null) return page.progress.sending;
  const { progress } = state;
  if (progress === null) return page.progress.starting;
  if (progress.stage === 'waiting') return bot.progress.waiting(progress.place ?? null);
  if (progress.stage === 'comparing' || progress.stage === 'cutting') return bot.progress[progress.stage];
  // Without the facts that are not known.
  return bot.progress[progress.stage](JSON.parse(JSON.stringify(progress)));
}

/** Steps rather than a promise: how long listening takes is known only near its end. */
function shareOf(state: QueryState | null): number {
  if (!state?.progress) return state === null ? 0.05 : 0.12;
  const { stage, bytes, bytesTotal, chunksDone = 0, chunksLeft } = state.progress;
  if (stage === 'waiting') return 0.1;
  if (stage === 'fetching') return 0.1 + 0.2 * (bytes && bytesTotal ? bytes / bytesTotal : 0);
  if (stage === 'listening')
    return 0.3 + (typeof chunksLeft === 'number' ? (0.5 * chunksDone) / (chunksDone + chunksLeft || 1) : 0);
  return stage === 'comparing' ? 0.85 : 0.95;
}
