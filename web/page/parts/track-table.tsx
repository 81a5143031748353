/** A table of any number of tracks: only the rows near the window are in the page. */
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { formatTime } from '../../../src/format.ts';
import type { Track, TrackSort } from '../api/types.ts';
import { type ClipPlayer, typicalSec } from './clip-player.tsx';
import { HearButton } from './hear-button.tsx';
import { useTexts } from './page-context.ts';
import { trackName } from './track-name.ts';

interface TrackTableProps {
  readonly tracks: readonly Track[];
  /** null: more can be loaded, so it is not known. */
  readonly total: number | null;
  readonly sort: TrackSort;
  readonly isDescending: boolean;
  readonly player: ClipPlayer;
  readonly onSort: (sort: TrackSort) => void;
  /** The last rows are near. */
  readonly onEnd: () => void;
}

/** As in styles.css. */
const rowPx = 56;
const overscanRows = 15;
const nearRows = 60;
const columns = ['title', 'artist', 'album', 'duration'] as const satisfies TrackSort[];

export function TrackTable(props: TrackTableProps): ReactNode {
  const { tracks, total, sort, isDescending, player, onSort, onEnd } = props;
  const { page } = useTexts();
  const { library } = page;
  const body = useRef<HTMLTableSectionElement>(null);
  const [topPx, setTopPx] = useState(0);
  useLayoutEffect(() => setTopPx((body.current?.getBoundingClientRect().top ?? 0) + scrollY), []);
  const rows = useWindowVirtualizer({
    ...{ count: tracks.length, estimateSize: () => rowPx, overscan: overscanRows, scrollMargin: topPx },
  });
  const shown = rows.getVirtualItems();
  const lastRow = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastRow >= tracks.length - nearRows) onEnd();
  }, [lastRow, tracks.length, onEnd]);
  return (
    <table aria-label={library.heading} aria-rowcount={total === null ? -1 : total + 1} className="tracks">
      <thead>
        <tr aria-rowindex={1} className="track-row track-head">
          <th scope="col" className="cell-hear">
            <span className="unseen">{library.listen}</span>
          </th>
          {columns.map((column) => {
            const state = column !== sort ? 'none' : isDescending ? 'descending' : 'ascending';
            return (
              <th key={column} scope="col" aria-sort={state} className={`cell-${column}`}>
                <button type="button" onClick={() => onSort(column)}>
                  {library.sorts[column]}
                  <span aria-hidden="true">{state === 'none' ? '' : isDescending ? ' ↓' : ' ↑'}</span>
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody ref={body} className="track-body" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const track = tracks[index];
          if (!track) return null;
          const name = trackName(track);
          const isHeard = player.clip?.trackId === track.id;
          return (
            <tr
              key={track.id}
              aria-rowindex={index + 2}
              className={isHeard ? 'track-row is-heard' : 'track-row'}
              style={{ transform: `translateY(${start - topPx}px)` }}
            >
              <td className="cell-hear">
                <HearButton player={player} clip={{ trackId: track.id, name, fromSec: typicalSec(track) }} />
              </td>
              <td className="cell-title">
                <Link to="/tracks/$id" params={{ id: String(track.id) }} title={track.key}>
                  {name}
                </Link>
              </td>
              <td className="cell-artist">{track.artist}</td>
              <td className="cell-album">{track.album}</td>
              <td className="cell-duration">{formatTime(track.durationSec)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
