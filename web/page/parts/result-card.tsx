/** One result: what it is, how near it is, and its moments to hear. */
import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { fileStem } from '../../../src/format.ts';
import type { Moment, ResultFacts } from '../answer-facts.ts';
import { getWaveform } from '../api/client.ts';
import type { Result, Waveform } from '../api/types.ts';
import type { Texts } from '../texts/texts.ts';
import { Lane } from './lane.tsx';
import { useTexts } from './page-context.ts';

/** The nearest ones; the others are in the match picture. */
export const momentsShown = 4;

interface ResultCardProps {
  /** As it is numbered on the page; an answer's ranks count results that are not near too. */
  readonly place: number;
  readonly result: Result;
  readonly facts: ResultFacts;
  /** The number of the moment that is loaded in the player; null: another result's. */
  readonly current: number | null;
  readonly isPlaying: boolean;
  readonly atSec: number;
  /** Of an answer that somebody shared, only the best moment can be heard. */
  readonly momentsMax: number;
  /** What the caller can do with the result; null: nothing. */
  readonly actions: ReactNode;
  readonly onMoment: (moment: Moment, number: number) => void;
}

export function nameOf({ title, key }: Pick<Result, 'title' | 'key'>): string {
  return title ?? fileStem(key);
}

export function ResultCard({
  place,
  result,
  facts,
  current,
  isPlaying,
  atSec,
  momentsMax,
  actions,
  onMoment,
}: ResultCardProps): ReactNode {
  const texts = useTexts();
  const { page, bot } = texts;
  const [waveform, setWaveform] = useState<Waveform | null>(null);
  useEffect(() => {
    // Without its waveform, a lane still shows where the moments are.
    getWaveform(result.trackId).then(setWaveform, () => {});
  }, [result.trackId]);
  const name = nameOf(result);
  const moments = facts.moments.slice(0, momentsMax);
  const heard = current === null ? undefined : moments[current];
  const lastSec = Math.max(...facts.moments.map(({ theirsSec, durationSec }) => theirsSec + durationSec), 1);
  const others = result.alsoAs.map(fileStem);
  return (
    <Card component="article" withBorder radius="md" p="md" aria-label={`${place}. ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div className="result-name">
            <Title order={3} size="h4" className="breaks">
              <span className="rank">{place}</span> {name}
            </Title>
            {result.artist && <Text className="breaks">{result.artist}</Text>}
            {others.length > 0 && (
              <Text size="sm" c="dimmed" className="breaks">
                {bot.answer.alsoAs(others.slice(0, 3), Math.max(0, others.length - 3))}
              </Text>
            )}
          </div>
          <Group gap={6}>
            <Badge
              size="lg"
              radius="sm"
              className={`match is-${facts.isSame ? 'identical' : facts.closeness.replace(' ', '-')}`}
            >
              {facts.match === null ? bot.picture.score(result.combined) : bot.picture.match(facts.match)}
              {' · '}
              {facts.isSame ? bot.answer.sameRecording : bot.closeness[facts.closeness]}
            </Badge>
            {facts.likeness && !facts.isSame && (
              <Badge size="lg" radius="sm" className="likeness">
                {bot.answer.likeness[facts.likeness]}
              </Badge>
            )}
          </Group>
        </Group>
        <Lane
          label={page.answer.waveform(name)}
          waveform={waveform}
          durationSec={waveform?.durationSec ?? lastSec}
          regions={moments.map(({ theirsSec, durationSec }, number) => ({
            ...{ fromSec: theirsSec, durationSec, isCurrent: number === current },
          }))}
          atSec={heard ? heard.theirsSec + atSec : null}
        />
        <Group justify="space-between" gap="xs">
          <Group gap={6} role="group" aria-label={page.answer.moments}>
            {moments.map((moment, number) => (
              <Button
                key={`${moment.yoursSec}-${moment.theirsSec}`}
                size="xs"
                variant={number === current ? 'filled' : 'light'}
                aria-pressed={number === current && isPlaying}
                leftSection={<PlayMark isPlaying={number === current && isPlaying} />}
                onClick={() => onMoment(moment, number)}
              >
                {momentLabel(texts, moment)}
              </Button>
            ))}
          </Group>
        </Group>
        {actions}
      </Stack>
    </Card>
  );
}

/** Of a query with several tracks, the track that the moment is of is named. */
export function momentLabel({ page, bot }: Texts, { yoursSec, yoursTrack, theirsSec }: Moment): string {
  if (yoursTrack === null) return bot.answer.times(yoursSec, theirsSec);
  return page.people.refine.momentOf(yoursTrack.name, bot.answer.times(yoursTrack.atSec, theirsSec));
}

export function PlayMark({ isPlaying }: { isPlaying: boolean }): ReactNode {
  return (
    <svg viewBox="0 0 12 12" width="11" height="11" fill="currentColor" aria-hidden="true">
      {isPlaying ? <path d="M2 1h3v10H2zM7 1h3v10H7z" /> : <path d="M2 1l9 5-9 5z" />}
    </svg>
  );
}
