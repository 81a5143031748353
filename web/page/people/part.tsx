/** Chooses a part of the query: by dragging on its waveform, or with two handles that a keyboard moves too. */
import { Button, Group, RangeSlider, Text } from '@mantine/core';
import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { formatTime } from '../../../src/format.ts';
import { useTexts } from '../parts/page-context.ts';

/** Shorter parts hold no whole window. */
const partMinSec = 10;
const stepSec = 0.5;
/** A click is no part. */
const dragMinPx = 6;

interface PartProps {
  readonly durationSec: number;
  /** The waveform. */
  readonly children: (part: readonly [number, number] | null) => ReactNode;
  readonly onAsk: (fromSec: number, toSec: number) => void;
}

export function PartPicker({ durationSec, children, onAsk }: PartProps): ReactNode {
  const { page } = useTexts();
  const [part, setPart] = useState<readonly [number, number] | null>(null);
  const from = useRef<{ readonly sec: number; readonly px: number } | null>(null);
  if (durationSec <= partMinSec) return children(null);

  const secAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>): number => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const sec = ((clientX - left) / Math.max(1, width)) * durationSec;
    return Math.min(durationSec, Math.max(0, Math.round(sec / stepSec) * stepSec));
  };
  const drag = (event: PointerEvent<HTMLElement>): void => {
    if (!from.current || Math.abs(event.clientX - from.current.px) < dragMinPx) return;
    const to = secAt(event);
    setPart(wideEnough(Math.min(from.current.sec, to), Math.max(from.current.sec, to), durationSec));
  };
  const [fromSec, toSec] = part ?? [0, durationSec];
  return (
    <>
      {/* The handles below do the same for a keyboard. */}
      <div
        className="part-lane"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = { sec: secAt(event), px: event.clientX };
        }}
        onPointerMove={drag}
        onPointerUp={(event) => {
          drag(event);
          from.current = null;
        }}
        onPointerCancel={() => {
          from.current = null;
        }}
      >
        {children(part)}
      </div>
      <RangeSlider
        mt="xs"
        size="sm"
        min={0}
        max={durationSec}
        step={stepSec}
        minRange={Math.min(partMinSec, durationSec)}
        value={[fromSec, toSec]}
        label={formatTime}
        thumbFromLabel={page.people.part.from}
        thumbToLabel={page.people.part.to}
        onChange={(value) => setPart(value)}
      />
      <Group mt="xs" gap="sm">
        {part === null ? (
          <Text size="sm" c="dimmed">
            {page.people.part.hint}
          </Text>
        ) : (
          <Button size="xs" onClick={() => onAsk(fromSec, toSec)}>
            {page.people.part.ask(formatTime(fromSec), formatTime(toSec))}
          </Button>
        )}
      </Group>
    </>
  );
}

function wideEnough(fromSec: number, toSec: number, durationSec: number): [number, number] {
  if (toSec - fromSec >= partMinSec) return [fromSec, toSec];
  const end = Math.min(durationSec, fromSec + partMinSec);
  return [Math.max(0, end - partMinSec), end];
}
