/** Smooths the scores of single moments into stretches of one kind. Pure.
 *
 *  The most likely sequence where a change of kind has a price (Viterbi): evidence is added up over a stretch of one
 *  kind, so that a moment in doubt goes with its neighbours, and a boundary lies where the evidence turns.
 */
import { type SoundKind, soundKinds } from './head.ts';

/** Added to the log probability of music, so that a doubtful moment counts as music. */
const musicBonus = 2;
/** A change must be worth this much, in the same unit: about two clear moments. */
const switchCost = 4;

/** @param scores shape [moments][soundKinds]; null for a moment that says nothing, which goes with its neighbours */
export function courseOf(scores: readonly (Float64Array | null)[]): SoundKind[] {
  let best = soundKinds.map(() => 0);
  const predecessors: number[][] = [];
  for (const [moment, score] of scores.entries()) {
    const highest = best.indexOf(Math.max(...best));
    const switched = (best[highest] as number) - switchCost;
    const from = best.map((value, kind) => (moment === 0 || value >= switched ? kind : highest));
    best = best.map((value, kind) => {
      const bonus = score !== null && soundKinds[kind] === 'music' ? musicBonus : 0;
      return (moment === 0 ? 0 : Math.max(value, switched)) + (score?.[kind] ?? 0) + bonus;
    });
    predecessors.push(from);
  }
  let kind = best.indexOf(Math.max(...best));
  const course: SoundKind[] = [];
  for (let moment = scores.length - 1; moment >= 0; moment -= 1) {
    course.unshift(soundKinds[kind] as SoundKind);
    kind = predecessors[moment]?.[kind] as number;
  }
  return course;
}
