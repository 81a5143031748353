/** Measures GET /tracks over 100,000 synthetic tracks: every order, deep pages, and words of every kind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '../../src/catalog/database.ts';
import { trackSorts } from '../../src/catalog/track-pages.ts';
import { seededRandom } from '../../src/io/random.ts';
import { met, milliseconds } from '../bot/stage.ts';
import { processFigures } from '../process-figures.ts';
import { median, quantile } from '../statistics.ts';
import { table } from '../table.ts';
import { type WebBenchOptions, WebProcess } from './process.ts';

export interface TrackBenchResult {
  readonly tracks: number;
  /** Kind of request -> milliseconds. */
  readonly tookMs: ReadonlyMap<string, readonly number[]>;
  /** Of another request meanwhile. */
  readonly probedMs: readonly number[];
  readonly residentBytes: number;
}

const tracks = 100_000;
const rounds = 40;
const pagesDeep = 20;
const targets = { p99Ms: 30, probeMs: 50 };

export async function benchTracks({ environment, log }: WebBenchOptions): Promise<TrackBenchResult> {
  const indexDir = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-tracks-'));
  await using ending = new AsyncDisposableStack();
  ending.defer(() => rm(indexDir, { recursive: true }));
  log(`writing ${tracks} tracks`);
  const words = fill(path.join(indexDir, 'catalog.sqlite'));
  const web = ending.use(await WebProcess.start(indexDir, environment));
  const tookMs = new Map<string, number[]>();
  const ask = async (kind: string, query: string): Promise<{ next: string | null }> => {
    const startedAt = performance.now();
    const response = await fetch(`${web.url}/api/v1/tracks?${query}`);
    const page = (await response.json()) as { next: string | null };
    if (!response.ok) throw new Error(`Cannot measure: ${query} gave ${response.status}`);
    tookMs.set(kind, [...(tookMs.get(kind) ?? []), performance.now() - startedAt]);
    return page;
  };
  // The first requests open what is opened on first use.
  for (const sort of trackSorts) await ask('warm-up', `sort=${sort}&q=a`);
  tookMs.clear();
  const probe = startProbe(web.url);
  for (let round = 0; round < rounds; round++) {
    const sort = trackSorts[round % trackSorts.length] ?? 'title';
    const order = `sort=${sort}&order=${round % 2 === 0 ? 'asc' : 'desc'}`;
    const at = (share: number): string => words[Math.floor(share * (words.length - 1))] ?? '';
    await ask('first page', order);
    await ask('rare word', `${order}&q=${at(1 - round / 400)}`);
    await ask('word of some hundred tracks', `${order}&q=${at(0.05 + round / 4_000)}`);
    await ask('word of most tracks', `${order}&q=flac`);
    await ask('common word and rare word', `${order}&q=music+${at(0.9)}`);
    await ask('word of no track', `${order}&q=xyzzy${round}`);
    await ask('two letters', `${order}&q=${['ka', 'zq', 'mi', 'xx'][round % 4]}`);
    let cursor: string | null = '';
    for (let page = 0; page < pagesDeep / 10 && cursor !== null; page++)
      cursor = (await ask('next pages', `${order}&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)).next;
  }
  const probedMs = await probe();
  log('GET /tracks measured');
  return { tracks, tookMs, probedMs, residentBytes: processFigures(web.pid)?.residentBytes ?? 0 };
}

/** @returns the words of the titles, frequent ones first */
function fill(file: string): string[] {
  const random = seededRandom(1);
  const syllables = ['ka', 'lo', 'mi', 'ra', 'te', 'shu', 'bel', 'tor', 'an', 'gri', 'ova', 'lin', 'zed', 'pho', 'mur'];
  const pick = <T>(from: readonly T[], skew = 1): T => from[Math.floor(from.length * random() ** skew)] as T;
  const made = new Set<string>();
  while (made.size < 20_000)
    made.add(Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables)).join(''));
  const words = [...made];
  const artists = Array.from({ length: 4_000 }, () => `${pick(words, 3)} ${pick(words, 3)}`);
  using database = new Database(file);
  const insert = `INSERT INTO tracks (key, title, artist, album, duration_sec, content_sha256, status, created_at_ms, updated_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, 'indexed', 0, 0)`;
  database.transaction(() => {
    for (let number = 0; number < tracks; number++) {
      const title = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(words, 4)).join(' ');
      const [artist, album] = [pick(artists, 2), `${pick(words, 3)} ${pick(words, 3)}`];
      const key = `Music/${artist}/${album}/${number} ${title}.flac`;
      database.write(insert, key, title, artist, album, 60 + random() * 400, `hash ${number}`);
    }
  });
  return words;
}

/** Another client's requests, one after the other: how long they wait for those that are measured. */
function startProbe(url: string): () => Promise<number[]> {
  const probedMs: number[] = [];
  let isOver = false;
  const run = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      probedMs.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return async () => {
    isOver = true;
    await run;
    return probedMs;
  };
}

export function renderTrackBench({ tracks: count, tookMs, probedMs, residentBytes }: TrackBenchResult): string {
  const all = [...tookMs.values()].flat();
  const row = (kind: string, ms: readonly number[]): string[] => [
    ...[kind, String(ms.length), `${median(ms).toFixed(1)} ms`, `${quantile(ms, 0.99).toFixed(1)} ms`],
    `${Math.max(...ms).toFixed(1)} ms`,
  ];
  const p99 = quantile(all, 0.99);
  return [
    table(
      [`GET /tracks, ${count} tracks`, 'requests', 'median', 'p99', 'longest'],
      [...[...tookMs].map(([kind, ms]) => row(kind, ms)), row('all', all), row('/healthz meanwhile', probedMs)],
    ),
    `p99 of all: ${p99.toFixed(1)} ms; target ${milliseconds(targets.p99Ms)}, met: ${met(p99 < targets.p99Ms)}. ` +
      `Memory of the web server: ${Math.round(residentBytes / 1e6)} MB.\n`,
  ].join('\n');
}
