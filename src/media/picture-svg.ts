/** The match picture as SVG: the query's time from left to right, one lane a piece, every hit where the query has it,
 *  coloured by how near it is; the best hits carry the piece's own time. Pure: an answer in, text out.
 *
 *  Made to be read on a phone, where 1080 units are some 390 points wide: nothing is written smaller than 22 units.
 */
import type { ChunkKind, Hit } from '../domain.ts';
import { escapeMarkup, formatTime, oneLine, trackName } from '../format.ts';
import type { Answer, Result } from '../query/answer.ts';
import { isSameTrack, matchNumber, verdictFacts } from '../query/answer-facts.ts';
import { englishPictureWords, type PictureWords } from './picture-words.ts';

const width = 1080;
const margin = 28;
const plotWidth = width - 2 * margin;
const headerHeight = 128;
const titleHeight = 48;
const stripHeight = 74;
const laneHeight = titleHeight + stripHeight + 22;
const footerHeight = 142;
const fontSize = { title: 32, text: 26, label: 22 } as const;
/** Average advance of DejaVu Sans is some 0.6 em: enough to tell whether a label fits. */
const advanceEm = 0.6;

const ink = { paper: '#15171c', strip: '#23262e', text: '#f2f3f5', faint: '#a5abb8', mark: '#3a3f4b' } as const;

/** Default number of lanes: a page of an answer. */
const lanesMax = 10;

/** Hits of a lane that are labelled with their time in the piece. */
const labelsMax = 3;

/** Distance -> colour, near is bright. After viridis (Smith & van der Walt), which reads the same without red or green. */
const scale: readonly (readonly [distance: number, rgb: readonly [number, number, number]])[] = [
  [0, [253, 231, 37]],
  [0.2, [94, 201, 98]],
  [0.35, [33, 145, 140]],
  [0.5, [59, 82, 139]],
  [0.9, [72, 60, 100]],
];

/** @param words texts in the language of the picture
 *  @param results a lane each; the verdict is the whole answer's */
export function pictureSvg(
  answer: Answer,
  words: PictureWords = englishPictureWords,
  results: readonly Result[] = answer.results.slice(0, lanesMax),
): string {
  const height = headerHeight + results.length * laneHeight + footerHeight;
  const x = timeScale(answer);
  const lanesBottom = headerHeight + results.length * laneHeight;
  const body = [
    header(answer, words),
    ...results.map((result, i) => lane(result, headerHeight + i * laneHeight, x, answer, words)),
    excludedNames(answer, x, lanesBottom + 6, words),
    axis(answer, x, lanesBottom + 20),
    legend(height - 34, words),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="DejaVu Sans">${hatching}<rect width="100%" height="100%" fill="${ink.paper}"/>${body.join('')}</svg>`
  );
}

const hatching =
  '<defs><pattern id="left-out" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
  `<rect width="12" height="12" fill="${ink.paper}"/><rect width="5" height="12" fill="${ink.mark}"/></pattern></defs>`;

/** Seconds of the query -> x. */
function timeScale({ query }: Answer): (sec: number) => number {
  const span = Math.max(query.toSec - query.fromSec, 1e-3);
  return (sec) => margin + (Math.min(Math.max(sec - query.fromSec, 0), span) / span) * plotWidth;
}

function header(answer: Answer, words: PictureWords): string {
  const { query } = answer;
  const isPart = query.toSec - query.fromSec < query.durationSec - 0.5;
  const yours = words.yours(query.name, query.durationSec, isPart ? query : null);
  return (
    text(
      margin,
      52,
      shorten(words.verdict(verdictFacts(answer)), fontSize.title + 2, plotWidth),
      fontSize.title + 2,
      ink.text,
      'bold',
    ) + text(margin, 96, shorten(yours, fontSize.text, plotWidth), fontSize.text, ink.faint)
  );
}

function lane(result: Result, top: number, x: (sec: number) => number, answer: Answer, words: PictureWords): string {
  const { track } = result;
  const match = matchNumber(result, answer);
  const score = match === null ? words.score(result.score) : words.match(match);
  const scoreWidth = score.length * fontSize.text * advanceEm + 20;
  const artist = track.artist ? `, ${track.artist}` : '';
  const name = shorten(`${result.rank}  ${trackName(track)}${artist}`, fontSize.title - 2, plotWidth - scoreWidth);
  const stripTop = top + titleHeight;
  const own = isSameTrack(answer, result);
  return [
    text(margin, top + 34, name, fontSize.title - 2, ink.text, 'bold'),
    text(width - margin, top + 34, score, fontSize.text, ink.faint, 'normal', 'end'),
    `<rect x="${margin}" y="${stripTop}" width="${plotWidth}" height="${stripHeight}" rx="6" fill="${ink.strip}"` +
      `${own ? ` stroke="${colourOf(0)}" stroke-width="4"` : ''}/>`,
    hatchedAreas(answer, x, stripTop + 3, stripHeight - 6),
    ...strip(result.hits, stripTop, x, answer),
  ].join('');
}

/** Where two hits of a track share a moment of the query, the nearer one is drawn on top and labelled. */
function strip(hits: readonly Hit[], top: number, x: (sec: number) => number, { query }: Answer): string[] {
  const taken: [number, number][] = [];
  const labels: string[] = [];
  for (const hit of hits) {
    if (labels.length === labelsMax) break;
    const left = x(hit.queryStartSec);
    const right = x(Math.min(hit.queryStartSec + hit.durationSec, query.toSec));
    const label = hitLabel(hit, left, right, top, taken);
    if (label) labels.push(label);
  }
  const bars = [...hits].reverse().map((hit) => {
    const left = x(hit.queryStartSec);
    const right = x(Math.min(hit.queryStartSec + hit.durationSec, query.toSec));
    const barWidth = Math.max(right - left - 2, 2);
    return `<rect x="${round(left + 1)}" y="${top + 3}" width="${round(barWidth)}" height="${stripHeight - 6}" rx="4" fill="${colourOf(shadeOf(hit))}"/>`;
  });
  return [...bars, ...labels];
}

function hitLabel(hit: Hit, left: number, right: number, top: number, taken: [number, number][]): string | undefined {
  const label = formatTime(hit.trackStartSec);
  const length = label.length * fontSize.label * advanceEm;
  const middle = (left + right) / 2;
  const isHorizontal = right - left >= length + 6;
  const half = (isHorizontal ? length : fontSize.label) / 2;
  if (!isHorizontal && length > stripHeight - 8) return undefined;
  if (taken.some(([from, to]) => middle - half < to && middle + half > from)) return undefined;
  taken.push([middle - half - 2, middle + half + 2]);
  const y = top + stripHeight / 2;
  const rotation = isHorizontal ? '' : ` transform="rotate(-90 ${round(middle)} ${y})"`;
  return (
    `<text x="${round(middle)}" y="${y + 8}" font-size="${fontSize.label}" text-anchor="middle" ` +
    `fill="${shadeOf(hit) < 0.3 ? '#101216' : '#ffffff'}"${rotation}>${label}</text>`
  );
}

interface Stretch {
  readonly kind: ChunkKind;
  readonly startSec: number;
  endSec: number;
}

/** The excluded parts of the query, as stretches of one kind. */
function excludedStretches({ query }: Answer): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { kind, startSec, overlapSec, endSec } of query.chunks) {
    if (kind === 'music') continue;
    const last = stretches.at(-1);
    const start = startSec + overlapSec;
    if (last && last.kind === kind && start <= last.endSec + 1e-6) last.endSec = endSec;
    else stretches.push({ kind, startSec: start, endSec });
  }
  return stretches;
}

function hatchedAreas(answer: Answer, x: (sec: number) => number, top: number, height: number): string {
  return excludedStretches(answer)
    .map(({ startSec, endSec }) => {
      const [left, right] = [x(startSec), x(endSec)];
      return `<rect x="${round(left)}" y="${top}" width="${round(right - left)}" height="${height}" fill="url(#left-out)"/>`;
    })
    .join('');
}

/** Labels the hatched stretches below the lanes where the word fits. */
function excludedNames(answer: Answer, x: (sec: number) => number, top: number, words: PictureWords): string {
  let labelEnd = 0;
  return excludedStretches(answer)
    .map(({ kind, startSec, endSec }) => {
      const name = words.kinds[kind];
      const half = (name.length * fontSize.label * advanceEm) / 2;
      const middle = Math.min(Math.max((x(startSec) + x(endSec)) / 2, margin + half), width - margin - half);
      if (middle - half < labelEnd) return '';
      labelEnd = middle + half + 12;
      return text(middle, top, name, fontSize.label, ink.faint, 'normal', 'middle');
    })
    .join('');
}

function axis({ query }: Answer, x: (sec: number) => number, top: number): string {
  const span = query.toSec - query.fromSec;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200].find((s) => span / s <= 8) ?? span;
  const ticks: string[] = [];
  for (let sec = Math.ceil(query.fromSec / step) * step; sec <= query.toSec + 1e-6; sec += step) {
    const at = x(sec);
    const anchor = at < margin + 20 ? 'start' : at > width - margin - 20 ? 'end' : 'middle';
    ticks.push(
      `<rect x="${round(at - 1)}" y="${top}" width="2" height="8" fill="${ink.faint}"/>`,
      text(at, top + 36, formatTime(sec), fontSize.label, ink.faint, 'normal', anchor),
    );
  }
  return ticks.join('');
}

/** A distance of each of the four words for it, nearest first. */
const legendDistances = [0, 0.19, 0.35, 0.6] as const;

function legend(y: number, { closeness }: PictureWords): string {
  const step = plotWidth / closeness.length;
  return closeness
    .map(
      (word, i) =>
        `<rect x="${margin + i * step}" y="${y - 20}" width="24" height="24" rx="4" fill="${colourOf(legendDistances[i] ?? 0)}"/>` +
        text(margin + i * step + 34, y, word, fontSize.label, ink.faint),
    )
    .join('');
}

/** The distance whose colour a hit has. With a match, that of the same word: "very similar" from 0.75 on is a distance up to
 *  0.2, "similar" from 0.25 on one up to 0.5. */
function shadeOf({ distance, match }: Hit): number {
  if (match === undefined || distance < 0.0005) return distance;
  if (match >= 0.75) return 0.2 * (1 - (match - 0.75) / 0.25);
  return match >= 0.25 ? 0.5 - 0.3 * ((match - 0.25) / 0.5) : 0.9 - 0.4 * (match / 0.25);
}

function colourOf(distance: number): string {
  const d = Math.min(Math.max(distance, 0), 0.9);
  const above = Math.max(
    1,
    scale.findIndex(([at]) => at >= d),
  );
  const [lowAt, low] = scale[above - 1] ?? [0, [0, 0, 0]];
  const [highAt, high] = scale[above] ?? [1, [0, 0, 0]];
  const share = (d - lowAt) / (highAt - lowAt);
  const channel = (i: 0 | 1 | 2) => Math.round(low[i] + (high[i] - low[i]) * share);
  return `rgb(${channel(0)},${channel(1)},${channel(2)})`;
}

function text(
  x: number,
  y: number,
  line: string,
  size: number,
  fill: string,
  weight: 'normal' | 'bold' = 'normal',
  anchor: 'start' | 'middle' | 'end' = 'start',
): string {
  return `<text x="${round(x)}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escapeMarkup(line)}</text>`;
}

/** Cuts to what fits into `widthUnits`. Bold is some 10 % wider, which the margin absorbs. */
function shorten(line: string, size: number, widthUnits: number): string {
  return oneLine(line, Math.max(4, Math.floor(widthUnits / (size * advanceEm * 1.06))));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
