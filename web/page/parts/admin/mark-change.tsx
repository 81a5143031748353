/** Marks a group as not music, after showing what that excludes, or lifts its mark. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { trackName } from '../../../../src/format.ts';
import { effectOfMark, type LibraryJob, type MarkEffect, mark, unmark } from '../../api/admin.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { JobNote } from './job-note.tsx';
import { isOpen, useFollowed } from './use-followed.ts';

interface MarkChangeProps {
  readonly id: string;
  /** Of the group, for screen readers. */
  readonly name: string;
  readonly isMarked: boolean;
  readonly onChanged: () => void;
}

export function MarkChange({ id, name, isMarked, onChanged }: MarkChangeProps): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const [begun, setBegun] = useState<LibraryJob | null>(null);
  const effect = useMutation({ mutationFn: () => effectOfMark(id), onError: onChanged });
  const change = useMutation({
    mutationFn: () => (isMarked ? unmark(id) : mark(id)),
    onSuccess: (job) => {
      effect.reset();
      if (job === null) onChanged();
      setBegun(job);
    },
  });
  const job = useFollowed(begun, (end) => {
    if (end.state === 'done') setBegun(null);
    onChanged();
  });
  if (job && isOpen(job)) {
    const doing = isMarked ? clusters.unmarking : clusters.marking;
    return <JobNote name={`${doing}: ${name}`} job={job} doing={`${doing}.`} share={null} />;
  }
  const failure = effect.error ?? change.error;
  return (
    <>
      {failure && <FailureNote problem={problemOf(failure)} />}
      {job && <JobNote name={name} job={job} doing="" share={null} />}
      {effect.data ? (
        <Preview
          effect={effect.data}
          isPending={change.isPending}
          onConfirm={() => change.mutate()}
          onDismiss={() => effect.reset()}
        />
      ) : (
        <Button
          variant={isMarked ? 'default' : 'light'}
          size="xs"
          className="fits"
          loading={effect.isPending || (isMarked && change.isPending)}
          aria-label={isMarked ? clusters.unmarkNamed(name) : clusters.markNamed(name)}
          onClick={() => (isMarked ? change.mutate() : effect.mutate())}
        >
          {isMarked ? clusters.unmark : clusters.mark}
        </Button>
      )}
    </>
  );
}

interface PreviewProps {
  readonly effect: MarkEffect;
  readonly isPending: boolean;
  readonly onConfirm: () => void;
  readonly onDismiss: () => void;
}

function Preview({ effect, isPending, onConfirm, onDismiss }: PreviewProps): ReactNode {
  const { page } = useTexts();
  const { clusters } = page.admin;
  const formats = useFormats();
  const { chunks, tracks, wholeTracks, examplesOfWholeTracks } = effect;
  const rest = wholeTracks - examplesOfWholeTracks.length;
  return (
    <Alert variant="light" className="plan" role="status">
      <Text size="sm">
        {chunks === 0 ? clusters.noEffect : clusters.effect(formats.chunks(chunks), formats.tracks(tracks))}
      </Text>
      {wholeTracks > 0 && (
        <>
          <Text size="sm" mt="xs" fw={600}>
            {clusters.whole(formats.tracks(wholeTracks))}
          </Text>
          <Text size="sm" className="breaks">
            {examplesOfWholeTracks.map(trackName).join(', ')}
            {rest > 0 && ` ${clusters.wholeMore(formats.whole(rest))}`}
          </Text>
        </>
      )}
      <Group mt="sm" gap="xs">
        <Button size="xs" color="red" className="warns" loading={isPending} onClick={onConfirm}>
          {clusters.confirm}
        </Button>
        <Button size="xs" variant="default" onClick={onDismiss}>
          {clusters.dismiss}
        </Button>
      </Group>
    </Alert>
  );
}
