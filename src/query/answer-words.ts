/** An answer in English: the verdict, and why a track is in the ranking. Pure. */
import { counted, formatTime, oneLine } from '../format.ts';
import type { Answer, Result } from './answer.ts';
import {
  adviceAfter,
  closenessWord,
  isSameTrack,
  likenessOf,
  otherNames,
  reasonFacts,
  type VerdictFacts,
  verdictFacts,
} from './answer-facts.ts';

export function verdictSentence(answer: Answer): string {
  const sentence = verdictInEnglish(verdictFacts(answer));
  const own = answer.results.find((result) => isSameTrack(answer, result));
  return own?.alsoAs ? `${sentence} (${alsoAs(own, otherNamesMax)})` : sentence;
}

export function verdictInEnglish(facts: VerdictFacts): string {
  switch (facts.kind) {
    case 'no-music':
      return `Only ${facts.kindsFound.join(' and ') || 'silence'}: there is no music in it to compare`;
    case 'this-is':
      return `This is ${facts.name ?? 'a recording of the library'}, ${offsetInEnglish(facts.offsetSec)}${speedInEnglish(facts.fasterPercent)}`;
    case 'sounds-like':
      return `Sounds like ${facts.name}`;
    case 'nearest':
      return `Nearest, but not close: ${facts.name}`;
    case 'nothing-close':
      return 'Nothing close in the library';
  }
}

/** Advice after an unhelpful answer; undefined if none is needed. */
export function adviceText(answer: Answer): string | undefined {
  const advice = adviceAfter(answer);
  if (advice === 'other-recording') return 'Try another recording, or another part of it (--from, --to).';
  if (advice === 'longer-part') {
    return 'Try a longer or another part (--from, --to). The results are the nearest, not recommendations.';
  }
  return undefined;
}

/** Why this track is in the ranking: its nearest moment, the number of agreeing query chunks, and whether they agree in time. */
export function reasonFor(result: Result, answer: Answer): string {
  const facts = reasonFacts(result, answer);
  if (!facts) return '';
  const run = facts.inStepSec === null ? '' : `, ${Math.round(facts.inStepSec)} s in step`;
  const likeness = likenessOf(result);
  const alike = likeness === null || facts.isSameRecording ? '' : `${likenessWords[likeness]}; `;
  return (
    `${alike}${facts.isSameRecording ? 'the very recording' : closenessWord(result, answer)} at yours ` +
    `${formatTime(facts.yoursSec)} - theirs ${formatTime(facts.theirsSec)}; ` +
    `${facts.agreeingChunks} of ${counted(facts.voters, 'chunk')} ${facts.agreeingChunks === 1 ? 'agrees' : 'agree'}${run}`
  );
}

const likenessWords = { sound: 'same sound', harmony: 'same harmony', both: 'same sound and harmony' } as const;

/** Names shown in a sentence. */
const otherNamesMax = 5;

/** The recording's other names; '' if it has none.
 *  @param max names shown; the rest is counted */
export function alsoAs(result: Result, max = Number.POSITIVE_INFINITY): string {
  const names = otherNames(result);
  const left = names.length - max;
  const shown = names.slice(0, max).map((name) => oneLine(name, 60));
  return names.length === 0 ? '' : `also as ${shown.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

function speedInEnglish(fasterPercent: number | null): string {
  if (fasterPercent === null) return '';
  return `, played ${Math.abs(fasterPercent)} % ${fasterPercent > 0 ? 'faster' : 'slower'}`;
}

function offsetInEnglish(offsetSec: number): string {
  return offsetSec >= 0 ? `from ${formatTime(offsetSec)}` : `which begins at yours ${formatTime(-offsetSec)}`;
}
