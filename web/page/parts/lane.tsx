/** A waveform with its matching moments as coloured regions. Decoration: the moments are buttons elsewhere. */
import type { ReactNode } from 'react';
import type { Waveform } from '../api/types.ts';

export interface Region {
  readonly fromSec: number;
  readonly durationSec: number;
  /** Which of them is being heard. */
  readonly isCurrent: boolean;
}

interface LaneProps {
  readonly label: string;
  /** null: not known, or not yet. A bare line is drawn. */
  readonly waveform: Waveform | null;
  readonly durationSec: number;
  readonly regions: readonly Region[];
  /** The part that is chosen, in seconds; null or unset: none. */
  readonly part?: readonly [number, number] | null;
  /** Where one recording ends and the next begins. */
  readonly breaks?: readonly number[] | undefined;
  /** Where it is being heard; null: it is not. */
  readonly atSec: number | null;
}

/** In units of the drawing, which is stretched to the width of the lane. */
const width = 1000;
const height = 56;
const peakMax = 255;
const silence = 1.2;

export function Lane({ label, waveform, durationSec, regions, part, breaks = [], atSec }: LaneProps): ReactNode {
  const x = (sec: number): number => (Math.min(Math.max(0, sec), durationSec) / Math.max(durationSec, 1e-3)) * width;
  return (
    <svg className="lane" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {regions.map(({ fromSec, durationSec: lengthSec, isCurrent }) => (
        <rect
          key={fromSec}
          className={isCurrent ? 'region is-current' : 'region'}
          x={x(fromSec)}
          width={Math.max(4, x(fromSec + lengthSec) - x(fromSec))}
          height={height}
        />
      ))}
      <path className="wave" d={waveform ? outline(waveform.peaks) : `M0 ${height / 2}H${width}`} />
      {breaks.map((sec) => (
        <rect key={sec} className="break" x={x(sec) - 1} width={2} height={height} />
      ))}
      {part && (
        <>
          <rect className="outside" width={x(part[0])} height={height} />
          <rect className="outside" x={x(part[1])} width={width - x(part[1])} height={height} />
        </>
      )}
      {atSec !== null && <rect className="cursor" x={x(atSec) - 1.5} width={3} height={height} />}
    </svg>
  );
}

function outline(peaks: readonly number[]): string {
  const step = width / Math.max(1, peaks.length - 1);
  const half = (peak: number): number => silence + (peak / peakMax) * (height / 2 - silence - 2);
  const upper = peaks.map((peak, at) => `${(at * step).toFixed(1)} ${(height / 2 - half(peak)).toFixed(1)}`);
  const lower = peaks.map((peak, at) => `${(at * step).toFixed(1)} ${(height / 2 + half(peak)).toFixed(1)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}
