/** A job that runs or has ended: what it does, how far it is, and a way to end it. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { cancelJob } from '../../api/admin.ts';
import type { Problem } from '../../api/types.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { isOpen } from './use-followed.ts';

interface JobNoteProps {
  readonly name: string;
  readonly job: { readonly self: string; readonly state: string; readonly error: Problem | null };
  /** What it does now. */
  readonly doing: string;
  /** 0 to 1; null: unknown. */
  readonly share: number | null;
}

export function JobNote({ name, job, doing, share }: JobNoteProps): ReactNode {
  const { page } = useTexts();
  const { admin } = page;
  const [isEnding, setIsEnding] = useState(false);
  if (job.state === 'failed' && job.error) return <FailureNote problem={job.error} />;
  if (!isOpen(job)) return <Text role="status">{`${name}: ${admin.job.states[job.state as 'done']}.`}</Text>;
  return (
    <Stack gap="xs" className="job">
      <Progress
        value={share === null ? 100 : Math.max(2, 100 * share)}
        animated
        striped={share === null}
        size="lg"
        radius="xl"
        aria-label={name}
      />
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text role="status" size="sm">
          {doing}
        </Text>
        <Button
          variant="default"
          size="xs"
          loading={isEnding}
          aria-label={admin.job.cancelNamed(name)}
          onClick={() => {
            setIsEnding(true);
            cancelJob(job).finally(() => setIsEnding(false));
          }}
        >
          {admin.job.cancel}
        </Button>
      </Group>
    </Stack>
  );
}
