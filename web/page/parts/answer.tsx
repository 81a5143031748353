/** An answer: the verdict, the query with its matching moments, the results, and the match picture. */
import { Button, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { formatTime } from '../../../src/format.ts';
import { byNearness, factsOf, type Moment, verdictOf } from '../answer-facts.ts';
import { getQuery, getWaveform, type Question, request } from '../api/client.ts';
import type { Answer, Problem, Query, Result, Waveform } from '../api/types.ts';
import { joinedWaveform } from '../audio/joined-waveform.ts';
import { loadMoment, type Own } from '../audio/moments.ts';
import { waveformOf } from '../audio/own-audio.ts';
import { Player } from '../audio/player.ts';
import { PartPicker } from '../people/part.tsx';
import { type Refinement, RefineTray, useRefinement } from '../people/refine.tsx';
import { CopyLink, ShareInDiscord } from '../people/share.tsx';
import { Votes } from '../people/votes.tsx';
import { FailureNote } from './failure.tsx';
import { Lane } from './lane.tsx';
import { useTexts } from './page-context.ts';
import { PlayerBar } from './player-bar.tsx';
import { momentsShown, nameOf, ResultCard } from './result-card.tsx';
import { problemOf } from './use-asking.ts';
import { usePageTitle } from './use-page-title.ts';

interface AnswerPageProps {
  readonly id: string;
  readonly own: Own;
  readonly onAsk: (question: Question) => void;
  readonly onStart: () => void;
}

export function AnswerPage({ id, own, onAsk, onStart }: AnswerPageProps): ReactNode {
  const { page } = useTexts();
  const [query, setQuery] = useState<Query | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const load = useCallback(() => {
    setFailure(null);
    getQuery(id).then(setQuery, (error: unknown) => setFailure(problemOf(error)));
  }, [id]);
  useEffect(load, [load]);
  if (query?.answer)
    return (
      <AnswerView
        answer={query.answer}
        picture={query.picture}
        mine={{ id, votes: query.votes }}
        own={own}
        onAsk={onAsk}
        onStart={onStart}
      />
    );
  return (
    <>
      {failure ? (
        <FailureNote problem={failure} onAgain={load} />
      ) : (
        <Loader role="status" aria-label={page.answer.loading} />
      )}
      <Button variant="default" mt="md" onClick={onStart}>
        {page.toStart}
      </Button>
    </>
  );
}

interface AnswerViewProps extends Omit<AnswerPageProps, 'id'> {
  readonly answer: Answer;
  /** Its address; null: there is none. */
  readonly picture: string | null;
  /** Of an own answer, which can be voted on and shared; null: somebody shared it. */
  readonly mine: { readonly id: string; readonly votes: Query['votes'] } | null;
}

interface Heard {
  readonly result: Result;
  readonly moment: Moment;
  readonly number: number;
}

export function AnswerView({ answer, picture, mine, own, onAsk, onStart }: AnswerViewProps): ReactNode {
  const { page, bot, amounts } = useTexts();
  const [player] = useState(() => new Player());
  const state = useSyncExternalStore(player.subscribe, player.read);
  const [heard, setHeard] = useState<Heard | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  useEffect(() => () => player.close(), [player]);
  const ownWaveform = useOwnWaveform(own, answer);
  const ownPiece = own.trackId === null ? null : { trackId: own.trackId, name: answer.query.name };
  const refinement = useRefinement(answer, ownPiece);
  const [showsAll, setShowsAll] = useState(false);
  const { near, others } = useMemo(() => byNearness(answer), [answer]);
  const results = useMemo(
    () => [...near, ...(showsAll ? others : [])].map((result) => ({ result, facts: factsOf(answer, result) })),
    [answer, near, others, showsAll],
  );
  const verdict = useMemo(() => verdictOf(answer), [answer]);
  const verdictText = verdict === null ? page.answer.noMusic : bot.verdict(verdict);
  usePageTitle(verdictText);

  const hear = (result: Result, moment: Moment, number: number): void => {
    const momentId = `${result.rank}-${number}`;
    if (state.momentId === momentId) {
      player.toggle();
      return;
    }
    setHeard({ result, moment, number });
    setFailure(null);
    player
      .play(momentId, (context) => loadMoment(context, { result, moment, isBest: number === 0, own }))
      .catch((error: unknown) => setFailure(problemOf(error)));
  };

  const { name, durationSec } = answer.query;
  const laneSec = ownWaveform?.durationSec ?? durationSec;
  const current = state.momentId === null ? null : heard;
  const first = results[0]?.facts.moments.slice(0, momentsShown) ?? [];
  const shown = current ? [current.moment] : first;
  const advice = adviceOf(answer, verdict === null);
  return (
    <Stack gap="lg">
      <div>
        <Title order={1} size="h2" className="breaks">
          {verdictText}
        </Title>
        {advice && (
          <Text mt={4} c="dimmed">
            {page.answer[advice]}
          </Text>
        )}
      </div>
      <Paper component="section" withBorder radius="md" p="md" aria-label={page.answer.yoursWaveform}>
        <Text fw={600} mb="xs" className="breaks">
          {page.answer.query(name, formatTime(durationSec))}
        </Text>
        <PartPicker
          durationSec={own.file || own.trackId !== null ? laneSec : 0}
          onAsk={(from, to) => {
            if (own.file) onAsk({ kind: 'file', file: own.file, from, to });
            else if (ownPiece) onAsk({ kind: 'track', ...ownPiece, from, to });
          }}
        >
          {(part) => (
            <Lane
              label={page.answer.yoursWaveform}
              waveform={ownWaveform}
              durationSec={laneSec}
              part={part}
              breaks={answer.query.tracks?.plus.slice(1).map(({ startSec }) => startSec)}
              regions={shown.map((moment) => ({
                ...{ fromSec: moment.yoursSec, durationSec: moment.durationSec, isCurrent: current !== null },
              }))}
              atSec={current ? current.moment.yoursSec + state.atSec : null}
            />
          )}
        </PartPicker>
      </Paper>
      {mine && (refinement.plus.length + refinement.minus.length > (ownPiece ? 1 : 0) || answer.query.tracks) && (
        <RefineTray refinement={refinement} onAsk={onAsk} />
      )}
      {failure && <FailureNote problem={failure} />}
      <Stack component="section" gap="md" aria-label={page.answer.results}>
        <Title order={2} size="h4" className="unseen">
          {page.answer.results}
        </Title>
        {results.map(({ result, facts }, position) => (
          <ResultCard
            key={result.rank}
            place={position + 1}
            result={result}
            facts={facts}
            current={current?.result.rank === result.rank ? current.number : null}
            isPlaying={state.isPlaying}
            atSec={state.atSec}
            onMoment={(moment, number) => hear(result, moment, number)}
            momentsMax={mine ? momentsShown : 1}
            actions={
              mine && (
                <ResultActions
                  {...{ mine, result, refinement }}
                  onAsk={() => onAsk({ kind: 'track', trackId: result.trackId, name: nameOf(result) })}
                  onFailure={setFailure}
                />
              )
            }
          />
        ))}
        {others.length > 0 && !showsAll && (
          <Button variant="default" className="fits" onClick={() => setShowsAll(true)}>
            {page.answer.more(amounts.count(others.length, page.answer.one, page.answer.other))}
          </Button>
        )}
      </Stack>
      <Picture path={picture} verdict={verdictText} />
      <Group align="flex-start">
        <Button variant="default" onClick={onStart}>
          {mine ? page.toStart : page.people.share.askYourself}
        </Button>
        {mine && <CopyLink queryId={mine.id} onFailure={setFailure} />}
      </Group>
      {current && <PlayerBar player={player} state={state} name={nameOf(current.result)} moment={current.moment} />}
    </Stack>
  );
}

/** As adviceAfter in src/query/answer-facts.ts, in words of a page that has no options. */
function adviceOf({ verdict }: Answer, hasNoMusic: boolean): 'otherRecording' | 'longerPart' | null {
  if (hasNoMusic) return 'otherRecording';
  return verdict.kind === 'nearest' || verdict.kind === 'nothing-close' ? 'longerPart' : null;
}

interface ResultActionsProps {
  readonly mine: NonNullable<AnswerViewProps['mine']>;
  readonly result: Result;
  readonly refinement: Refinement;
  readonly onAsk: () => void;
  readonly onFailure: (problem: Problem) => void;
}

function ResultActions({ mine, result, refinement, onAsk, onFailure }: ResultActionsProps): ReactNode {
  const { page } = useTexts();
  const name = nameOf(result);
  const texts = page.people.refine;
  const sign = refinement.signOf(result.trackId);
  const piece = { trackId: result.trackId, name };
  return (
    <Group gap={6} className="actions">
      <Button size="xs" variant="default" aria-label={texts.moreNamed(name)} onClick={onAsk}>
        {texts.more}
      </Button>
      {(['plus', 'minus'] as const).map((side) => (
        <Button
          key={side}
          size="xs"
          variant={sign === side ? 'filled' : 'default'}
          aria-label={side === 'plus' ? texts.plusNamed(name) : texts.minusNamed(name)}
          aria-pressed={sign === side}
          onClick={() => refinement.add(side, piece)}
        >
          {side === 'plus' ? texts.chipPlus(texts.plus) : texts.chipMinus(texts.minus)}
        </Button>
      ))}
      <Group gap="xs" ml="auto">
        <ShareInDiscord queryId={mine.id} rank={result.rank} name={name} onFailure={onFailure} />
        <Votes
          queryId={mine.id}
          rank={result.rank}
          name={name}
          first={mine.votes[result.rank] ?? null}
          onFailure={onFailure}
        />
      </Group>
    </Group>
  );
}

/** From the dropped file, of the library's track, or of several tracks one after the other. */
function useOwnWaveform({ buffer, trackId }: Own, { query }: Answer): Waveform | null {
  const plus = query.tracks?.plus;
  const ids = plus?.map((track) => track.trackId) ?? (trackId === null ? [] : [trackId]);
  const ofTracks = useQueries({
    queries: ids.map((id) => ({ queryKey: ['waveform', id], queryFn: () => getWaveform(id) })),
  });
  const ofFile = useMemo(() => (buffer ? waveformOf(buffer) : null), [buffer]);
  if (ofFile) return ofFile;
  if (ids.length === 0) return null;
  const waveforms = ofTracks.map(({ data }) => data ?? null);
  return plus ? joinedWaveform(plus, waveforms) : (waveforms[0] ?? null);
}

/** As data in its address: it may need the API key, which an image cannot send. */
function Picture({ path, verdict }: { path: string | null; verdict: string }): ReactNode {
  const { page, bot } = useTexts();
  const [data, setData] = useState<string | null>(null);
  useEffect(() => {
    if (path === null) return;
    request(path)
      .then((response) => response.blob())
      .then((blob) => {
        const reader = new FileReader();
        reader.onload = () => setData(String(reader.result));
        reader.readAsDataURL(blob);
      })
      .catch(() => {});
  }, [path]);
  if (data === null) return null;
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {page.answer.picture}
      </Title>
      <img className="picture" src={data} alt={bot.clips.picture(verdict, '').replace(/[^.]*$/, '')} />
    </section>
  );
}
