/** Pieces to ask with together: some that the results should resemble, some that they should not. */
import { Button, Group, Paper, Pill, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Question } from '../api/client.ts';
import type { Answer } from '../api/types.ts';
import { useTexts } from '../parts/page-context.ts';

/** As many as the API takes of each. */
export const eachMax = 10;

export interface Piece {
  readonly trackId: number;
  readonly name: string;
}

export interface Refinement {
  readonly plus: readonly Piece[];
  readonly minus: readonly Piece[];
  readonly add: (side: 'plus' | 'minus', piece: Piece) => void;
  readonly remove: (trackId: number) => void;
  readonly signOf: (trackId: number) => 'plus' | 'minus' | null;
  readonly isFull: boolean;
}

/** @returns the query with these pieces, named by all of them */
export function questionOf(plus: readonly Piece[], minus: readonly Piece[] = []): Question {
  const ids = (list: readonly Piece[]) => list.map(({ trackId }) => trackId);
  const name = [plus.map((piece) => piece.name).join(' + '), ...minus.map((piece) => piece.name)].join(' \u2212 ');
  return { kind: 'tracks', plus: ids(plus), minus: ids(minus), name };
}

/** Begins with the tracks of the answer's own query.
 *  @param own the only track that it was asked with; null: several, or a recording */
export function useRefinement({ query }: Answer, own: Piece | null): Refinement {
  const [sides, setSides] = useState<{ plus: readonly Piece[]; minus: readonly Piece[] }>(() => ({
    plus: query.tracks?.plus ?? (own ? [own] : []),
    minus: query.tracks?.minus ?? [],
  }));
  const [isFull, setIsFull] = useState(false);
  const without = (list: readonly Piece[], trackId: number) => list.filter((piece) => piece.trackId !== trackId);
  const signOf = (trackId: number) =>
    (['plus', 'minus'] as const).find((side) => sides[side].some((piece) => piece.trackId === trackId)) ?? null;
  const remove = (trackId: number): void => {
    setIsFull(false);
    setSides(({ plus, minus }) => ({ plus: without(plus, trackId), minus: without(minus, trackId) }));
  };
  return {
    ...{ ...sides, isFull, signOf, remove },
    add: (side, piece) => {
      // The same button again takes it out.
      if (signOf(piece.trackId) === side) return remove(piece.trackId);
      if (sides[side].length >= eachMax) return setIsFull(true);
      const [plus, minus] = [without(sides.plus, piece.trackId), without(sides.minus, piece.trackId)];
      setSides(side === 'plus' ? { plus: [...plus, piece], minus } : { plus, minus: [...minus, piece] });
    },
  };
}

export function RefineTray({
  refinement,
  onAsk,
}: {
  refinement: Refinement;
  onAsk: (question: Question) => void;
}): ReactNode {
  const { page } = useTexts();
  const { plus, minus, remove, isFull } = refinement;
  const texts = page.people.refine;
  const chip = (side: 'plus' | 'minus') => {
    const label = side === 'plus' ? texts.chipPlus : texts.chipMinus;
    return ({ trackId, name }: Piece): ReactNode => (
      <Pill
        key={trackId}
        size="md"
        withRemoveButton
        className={`chip is-${side}`}
        removeButtonProps={{ 'aria-label': texts.remove(name), 'aria-hidden': false, tabIndex: 0 }}
        onRemove={() => remove(trackId)}
      >
        {label(name)}
      </Pill>
    );
  };
  return (
    <Paper component="section" className="tray" withBorder radius="md" p="sm" aria-label={texts.heading}>
      <Group gap="xs">
        {plus.map(chip('plus'))}
        {minus.map(chip('minus'))}
        <Button size="xs" disabled={plus.length === 0} onClick={() => onAsk(questionOf(plus, minus))}>
          {texts.ask}
        </Button>
      </Group>
      {(plus.length === 0 || isFull) && (
        <Text size="sm" mt={4} role="status">
          {isFull ? texts.tooMany : texts.needsPlus}
        </Text>
      )}
    </Paper>
  );
}
