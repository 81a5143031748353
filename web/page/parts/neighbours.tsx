/** The tracks that are nearest to a track, each with its best moment to hear. */
import { Badge, Loader, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import { byNearness, factsOf } from '../answer-facts.ts';
import { getSimilar } from '../api/client.ts';
import type { Answer } from '../api/types.ts';
import type { ClipPlayer } from './clip-player.tsx';
import { FailureNote } from './failure.tsx';
import { useTexts } from './page-context.ts';
import { trackName } from './track-name.ts';
import { TrackRow } from './track-row.tsx';
import { problemOf } from './use-asking.ts';

export function Neighbours({ trackId, player }: { trackId: number; player: ClipPlayer }): ReactNode {
  const { page } = useTexts();
  const similar = useQuery({ queryKey: ['similar', trackId], queryFn: ({ signal }) => getSimilar(trackId, signal) });
  return (
    <section aria-label={page.library.neighbours}>
      <Title order={2} size="h4" mb="xs">
        {page.library.neighbours}
      </Title>
      {similar.isPending && <Loader role="status" aria-label={page.loading} size="sm" />}
      {similar.error && <FailureNote problem={problemOf(similar.error)} onAgain={() => void similar.refetch()} />}
      {similar.data && <List answer={similar.data} player={player} />}
    </section>
  );
}

function List({ answer, player }: { answer: Answer; player: ClipPlayer }): ReactNode {
  const { page, bot } = useTexts();
  const results = useMemo(() => {
    // Also those that are not near: their matches say so.
    const { near, others } = byNearness(answer);
    return [...near, ...others].map((result) => ({ result, facts: factsOf(answer, result) }));
  }, [answer]);
  if (results.length === 0) return <Text c="dimmed">{page.library.noNeighbours}</Text>;
  return (
    <Stack component="ul" gap={0} className="list">
      {results.map(({ result, facts }) => {
        const name = trackName(result);
        const fromSec = Math.max(0, facts.moments[0]?.theirsSec ?? 0);
        return (
          <TrackRow
            key={result.trackId}
            player={player}
            clip={{ trackId: result.trackId, name, fromSec }}
            artist={result.artist}
          >
            <Badge
              size="lg"
              radius="sm"
              className={`match is-${facts.isSame ? 'identical' : facts.closeness.replace(' ', '-')}`}
            >
              {facts.match === null ? bot.picture.score(result.combined) : bot.picture.match(facts.match)}
            </Badge>
          </TrackRow>
        );
      })}
    </Stack>
  );
}
