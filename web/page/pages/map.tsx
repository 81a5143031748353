/** The map of the library: every track is a point, near to what sounds like it. */
import { Alert, Badge, Button, Group, SegmentedControl, Stack, Switch, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from 'react';
import { getMap, getTracksById } from '../api/client.ts';
import type { MapView } from '../api/types.ts';
import { type ColourBy, coloursOf, groupsOf } from '../map/groups.ts';
import { centralFirst } from '../map/selection.ts';
import { useMapCanvas } from '../map/use-map-canvas.ts';
import { useAskingHere } from '../parts/asking-context.ts';
import { type ClipPlayer, typicalSec, useClipPlayer } from '../parts/clip-player.tsx';
import { FailureNote } from '../parts/failure.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { TrackList } from '../parts/track-list.tsx';
import { trackName } from '../parts/track-name.ts';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';
import { eachMax, questionOf } from '../people/refine.tsx';
import './map.css';

const pollMs = 2_000;
/** Before a point is heard, so that passing over points is silent. */
const dwellMs = 250;
const keyMovePx = 60;
const keyZoom = 1.4;
/** Of a selection: the names of more are not asked for. */
const listedMax = 50;

export function MapPage(): ReactNode {
  const { page } = useTexts();
  usePageTitle(page.map.heading);
  const map = useQuery({
    queryKey: ['map'],
    queryFn: ({ signal }) => getMap(signal),
    // Null while it is being made.
    refetchInterval: ({ state }) => (state.data === null ? pollMs : false),
    staleTime: 60_000,
  });
  return (
    <Stack gap="md">
      <Title order={1} size="h2">
        {page.map.heading}
      </Title>
      {map.error && <FailureNote problem={problemOf(map.error)} onAgain={() => void map.refetch()} />}
      {map.isPending && <PageLoader />}
      {map.data === null && (
        <Alert radius="md" role="status">
          {page.map.making}
        </Alert>
      )}
      {map.data && <Chart key={map.data.generation} map={map.data} />}
    </Stack>
  );
}

function Chart({ map }: { map: MapView }): ReactNode {
  const { page, amounts } = useTexts();
  const texts = page.map;
  const navigate = useNavigate();
  const player = useClipPlayer();
  const [by, setBy] = useState<ColourBy>('cluster');
  const [isLasso, setIsLasso] = useState(false);
  const [hearsPointed, setHearsPointed] = useState(false);
  const [selected, setSelected] = useState<readonly number[] | null>(null);
  const groups = useMemo(() => groupsOf(map, by), [map, by]);
  const rgba = useMemo(() => coloursOf(groups, selected && new Set(selected)), [groups, selected]);
  const chart = useMapCanvas({
    ...{ map, rgba, isLasso },
    onPick: (point, isTouch) => {
      if (!isTouch) void navigate({ to: '/tracks/$id', params: { id: String(map.ids[point]) } });
    },
    onSelect: (points) => {
      setSelected(points.length === 0 ? null : centralFirst(map, points));
      setIsLasso(false);
    },
  });
  const pointedId = chart.pointed ? (map.ids[chart.pointed.point] ?? null) : null;
  const listed = (selected ?? chart.inView).slice(0, listedMax).map((point) => map.ids[point] ?? 0);
  const onKey = (event: KeyboardEvent): void => {
    const move = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (move) chart.moveBy((move[0] ?? 0) * keyMovePx, (move[1] ?? 0) * keyMovePx);
    else if (event.key === '+' || event.key === '=') chart.zoomBy(keyZoom);
    else if (event.key === '-') chart.zoomBy(1 / keyZoom);
    else if (event.key === '0') chart.showAll();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          aria-label={texts.colourBy}
          value={by}
          onChange={(value) => setBy(value as ColourBy)}
          data={(['cluster', 'artist', 'album'] as const).map((value) => ({ value, label: texts.by[value] }))}
        />
        <Group gap="md">
          <Switch
            label={texts.hearPointed}
            checked={hearsPointed}
            onChange={({ currentTarget: { checked } }) => setHearsPointed(checked)}
          />
          <Button variant={isLasso ? 'filled' : 'default'} aria-pressed={isLasso} onClick={() => setIsLasso(!isLasso)}>
            {texts.lasso}
          </Button>
        </Group>
      </Group>
      {player.failure && <FailureNote problem={player.failure} />}
      <div className="map">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: an application is interactive. */}
        <canvas
          ref={chart.canvas}
          className={isLasso ? 'is-lasso' : undefined}
          role="application"
          tabIndex={0}
          aria-label={texts.canvas(amounts.count(map.ids.length, page.library.one, page.library.other))}
          onKeyDown={onKey}
        />
        {chart.lasso.length > 1 && (
          <svg className="map-lasso" aria-hidden="true">
            <polygon points={chart.lasso.map(([x, y]) => `${x},${y}`).join(' ')} />
          </svg>
        )}
        {chart.pointed && pointedId !== null && (
          <Pointed
            id={pointedId}
            x={chart.pointed.x}
            y={chart.pointed.y}
            hears={hearsPointed}
            player={player}
            key={pointedId}
          />
        )}
        <Group gap={4} className="map-buttons">
          <Button size="xs" px="xs" variant="default" aria-label={texts.larger} onClick={() => chart.zoomBy(2)}>
            +
          </Button>
          <Button size="xs" px="xs" variant="default" aria-label={texts.smaller} onClick={() => chart.zoomBy(0.5)}>
            −
          </Button>
          <Button size="xs" px="xs" variant="default" onClick={chart.showAll}>
            {texts.showAll}
          </Button>
        </Group>
      </div>
      <Group component="ul" gap={6} className="legend" aria-label={texts.colourBy}>
        {groups.groups.map(({ name, tracks, colour }) => (
          <Badge key={name ?? ''} component="li" variant="default" size="lg" radius="sm" className="legend-entry">
            <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
              <circle cx="5" cy="5" r="5" fill={colour} />
            </svg>
            {name === null ? texts.others : by === 'cluster' ? texts.cluster(name) : name}
            <span className="legend-count">{tracks}</span>
          </Badge>
        ))}
      </Group>
      <Text size="sm" c="dimmed" className="keys">
        {texts.keys}
      </Text>
      <Listed ids={listed} selected={selected} player={player} onClear={() => setSelected(null)} />
      {player.bar}
    </>
  );
}

interface PointedProps {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly hears: boolean;
  readonly player: ClipPlayer;
}

/** The track under the pointer, which is heard if it stays there. */
function Pointed({ id, x, y, hears, player }: PointedProps): ReactNode {
  const track = useNames([id]).data?.[0];
  const { hearAtOnce } = player;
  useEffect(() => {
    if (!hears || !track) return;
    const clip = { trackId: track.id, name: trackName(track), fromSec: typicalSec(track) };
    const timer = setTimeout(() => hearAtOnce(clip), dwellMs);
    return () => clearTimeout(timer);
  }, [hears, track, hearAtOnce]);
  return (
    <div className="map-pointed" style={{ left: x, top: y }} role="status">
      <span className="map-dot" aria-hidden="true" />
      {track && (
        <div className="map-card">
          <Link to="/tracks/$id" params={{ id: String(id) }}>
            {trackName(track)}
          </Link>
          {track.artist && (
            <Text size="sm" c="dimmed">
              {track.artist}
            </Text>
          )}
        </div>
      )}
    </div>
  );
}

interface ListedProps {
  readonly ids: readonly number[];
  readonly selected: readonly number[] | null;
  readonly player: ClipPlayer;
  readonly onClear: () => void;
}

/** What is selected, or else what is in view: the map for those who do not see it. */
function Listed({ ids, selected, player, onClear }: ListedProps): ReactNode {
  const { page, amounts } = useTexts();
  const { ask } = useAskingHere();
  const { data, isPlaceholderData } = useNames(ids);
  // The first of the list: the most central ones.
  const pieces = (data ?? []).slice(0, eachMax).map((track) => ({ trackId: track.id, name: trackName(track) }));
  const heading = selected
    ? page.map.selected(amounts.count(selected.length, page.library.one, page.library.other))
    : page.map.inView;
  return (
    <section aria-label={heading}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {heading}
        </Title>
        {selected && (
          <Group gap="xs">
            {selected.length > 1 && (
              <Button
                size="xs"
                disabled={isPlaceholderData || pieces.length === 0}
                onClick={() => ask(questionOf(pieces))}
              >
                {selected.length > eachMax ? page.map.askWithFirst(eachMax) : page.people.refine.ask}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={onClear}>
              {page.map.clear}
            </Button>
          </Group>
        )}
      </Group>
      {data && <TrackList tracks={data} player={player} />}
      {selected && selected.length > ids.length && (
        <Text size="sm" c="dimmed" mt="xs">
          {page.map.more(selected.length - ids.length)}
        </Text>
      )}
    </section>
  );
}

function useNames(ids: readonly number[]) {
  return useQuery({
    queryKey: ['names', ...ids],
    queryFn: ({ signal }) => getTracksById(ids, signal),
    enabled: ids.length > 0,
    staleTime: 300_000,
    placeholderData: (before) => (ids.length > 1 ? before : undefined),
  });
}
