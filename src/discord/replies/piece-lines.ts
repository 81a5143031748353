/** One ranked piece in two or three short lines: name, match, times and reason. Pure. */
import type { Answer, Result } from '../../query/answer.ts';
import {
  closenessWord,
  isSameTrack,
  likenessOf,
  matchNumber,
  otherNames,
  reasonFacts,
} from '../../query/answer-facts.ts';
import type { Texts } from '../texts/texts.ts';
import { escaped, escapedPiece, nameOrUntitled } from './names.ts';

/** @param nameLengthMax room for title and artist together, in UTF-16 units; 0 omits them, to measure the rest */
export function pieceLines(texts: Texts, answer: Answer, results: readonly Result[], nameLengthMax: number): string {
  return results.map((result) => linesOf(texts, answer, result, nameLengthMax)).join('\n');
}

/** How near a piece is in a word and a number, and one pair of times: short, because an answer has it for five pieces. */
export function placeLine(texts: Texts, answer: Answer, result: Result): string {
  const { times, sameRecording } = texts.query.answer;
  const facts = reasonFacts(result, answer);
  const match = matchNumber(result, answer);
  const word = texts.query.closeness[closenessWord(result, answer)];
  return joined([
    facts?.isSameRecording ? sameRecording : match === null ? word : `${word} (${match})`,
    facts ? times(facts.yoursSec, facts.theirsSec) : '',
  ]);
}

/** As placeLine, and in what it is alike. */
export function matchLine(texts: Texts, answer: Answer, result: Result): string {
  return joined([placeLine(texts, answer, result), likenessWords(texts, answer, result)]);
}

/** Score in words and number, votes, both times, and in what it is alike. */
function evidenceLine(texts: Texts, answer: Answer, result: Result): string {
  const { score, times } = texts.query.answer;
  const facts = reasonFacts(result, answer);
  const closeness = texts.query.closeness[closenessWord(result, answer)];
  return joined([
    score(closeness, result.score, result.votes),
    facts ? times(facts.yoursSec, facts.theirsSec) : '',
    likenessWords(texts, answer, result),
  ]);
}

/** '' if it is alike in neither part of the space, or in everything as the very recording. */
function likenessWords(texts: Texts, answer: Answer, result: Result): string {
  const alike = likenessOf(result);
  return alike === null || isSameTrack(answer, result) ? '' : texts.query.answer.likeness[alike];
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

/** Why it matches; '' for a result without evidence. */
export function reasonLine(texts: Texts, answer: Answer, result: Result): string {
  const facts = reasonFacts(result, answer);
  return facts ? texts.query.answer.reason(facts) : '';
}

function linesOf(texts: Texts, answer: Answer, result: Result, nameLengthMax: number): string {
  const reason = reasonLine(texts, answer, result);
  const lines = [
    nameLine(texts, result, nameLengthMax),
    evidenceLine(texts, answer, result),
    ...alsoAsLine(texts, result, nameLengthMax),
    ...(reason === '' ? [] : [`-# ${reason}`]),
  ];
  return lines.join('\n');
}

/** Maximum number of names shown for a result; the rest is counted. */
const otherNamesMax = 3;

/** The recording's other names in one line; no line if it has one name. */
function alsoAsLine(texts: Texts, result: Result, lengthMax: number): string[] {
  const names = otherNames(result);
  if (names.length === 0) return [];
  const shown = names.slice(0, otherNamesMax);
  const each = lengthMax === 0 ? 0 : Math.floor(lengthMax / shown.length);
  const written = shown.map((name) => (each === 0 ? '' : escaped(nameOrUntitled(texts, name), each)));
  return [`-# ${texts.query.answer.alsoAs(written, names.length - shown.length)}`];
}

function nameLine(texts: Texts, { rank, track }: Result, lengthMax: number): string {
  if (lengthMax === 0) return `**${rank}. **, `;
  const { title, artist } = escapedPiece(texts, track, lengthMax);
  return `**${rank}. ${title}**${artist === '' ? '' : `, ${artist}`}`;
}
