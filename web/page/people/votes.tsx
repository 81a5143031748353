/** Thumbs on a result: the same one again withdraws the vote. */
import { ActionIcon, Group } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { putVote } from '../api/people.ts';
import type { Problem, VoteName } from '../api/types.ts';
import { useTexts } from '../parts/page-context.ts';
import { problemOf } from '../parts/use-asking.ts';

interface VotesProps {
  readonly queryId: string;
  readonly rank: number;
  readonly name: string;
  readonly first: VoteName | null;
  readonly onFailure: (problem: Problem) => void;
}

export function Votes({ queryId, rank, name, first, onFailure }: VotesProps): ReactNode {
  const { page } = useTexts();
  const [vote, setVote] = useState(first);
  const press = (pressed: VoteName): void => {
    const next = vote === pressed ? null : pressed;
    // Shown at once; a vote that could not be stored is taken back.
    setVote(next);
    putVote(queryId, rank, next).catch((error: unknown) => {
      setVote(vote);
      onFailure(problemOf(error));
    });
  };
  const thumb = (way: VoteName): ReactNode => (
    <ActionIcon
      variant={vote === way ? 'filled' : 'default'}
      size={30}
      aria-label={page.people.votes[way](name)}
      aria-pressed={vote === way}
      onClick={() => press(way)}
    >
      <svg
        viewBox="0 0 24 24"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinejoin="round"
        className={way === 'down' ? 'turned' : undefined}
        aria-hidden="true"
      >
        <path d="M7 11v9H3v-9zM7 11l4-8a2 2 0 0 1 2 2v4h6a2 2 0 0 1 2 2.300l-1.200 7A2 2 0 0 1 17.800 20H7" />
      </svg>
    </ActionIcon>
  );
  return (
    <Group gap={4} wrap="nowrap">
      {thumb('up')}
      {thumb('down')}
    </Group>
  );
}
