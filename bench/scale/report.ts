/** The results of bench/scale.ts as tables, with the targets. */
import { formatBytes } from '../../src/format.ts';
import { table } from '../table.ts';

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** An index run with concurrent queries. */
export interface BesideRun {
  readonly ranMs: number;
  /** From its start to the first answer from its generation. */
  readonly answeredMs: number;
  /** Of the queries in that time. */
  readonly beside: Latencies;
  /** Of questions when nothing else runs any more. */
  readonly after: Latencies;
  readonly failures: number;
  /** Peak of all index processes together, while both generations are open. */
  readonly indexPeakBytes: number;
  readonly indexerPeakBytes: number;
  readonly belowPeakBytes: Readonly<Record<string, number>>;
}

export interface ScaleResult {
  readonly chunks: number;
  readonly tracks: number;
  readonly vectorBytes: number;
  readonly catalogBytes: number;
  readonly generationBytes: number;
  readonly generationMs: number;
  /** Null when only changes were measured. */
  readonly start: {
    readonly scanMs: number;
    readonly azureScanMs: number;
    readonly startMs: number;
    readonly coldStartMs: number;
  } | null;
  readonly idle: Latencies;
  /** Of the index processes together, and of the querying process. */
  readonly memory: { readonly index: number; readonly asker: number };
  readonly added: BesideRun;
  /** Tracks that are in the catalog with their vectors, so that only the index is changed. */
  readonly alone: Pick<BesideRun, 'ranMs' | 'answeredMs'>;
  readonly embedded: BesideRun;
  readonly removed: BesideRun;
}

const sec = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`);
const latency = ({ p50Ms, p95Ms, maxMs, count }: Latencies) =>
  `${sec(p50Ms)}, ${sec(p95Ms)}, ${sec(maxMs)} (${count} queries)`;

/** Each row: name, target, and the figure for one size. */
const rows: readonly (readonly [what: string, must: string, figure: (result: ScaleResult) => string])[] = [
  ['vectors', '', (of) => formatBytes(of.vectorBytes)],
  ['catalog, on the disk', '', (of) => formatBytes(of.catalogBytes)],
  ['generation, on the disk', '', (of) => formatBytes(of.generationBytes)],
  ['building it from the catalog', '', (of) => sec(of.generationMs)],
  ['`index` with nothing changed, the whole command', '< 5 s at 13,171 tracks', (of) => sec(of.start?.scanMs)],
  ['the same from Azurite', '< 5 s at 13,171 tracks', (of) => sec(of.start?.azureScanMs)],
  ['`similar` with a minute of mp3, from nothing up: files in the page cache', '', (of) => sec(of.start?.startMs)],
  ['the same with the index dropped from it', '< 10 s at 400,000', (of) => sec(of.start?.coldStartMs)],
  ['a query of 60 chunks, p50, p95, most', 'p95 < 1 s at 1,000,000', (of) => latency(of.idle)],
  ['index processes over their vectors', '< 1.15 x', (of) => ratio(of.memory.index, of.vectorBytes)],
  ['asking process', '', (of) => formatBytes(of.memory.asker)],
  ['10 recordings added, by the bot: the run', '', (of) => sec(of.added.ranMs)],
  [
    'from its start to an answer from the new generation',
    '< 10 s at 400,000; < 15 s at 1,000,000',
    (of) => sec(of.added.answeredMs),
  ],
  ['queries meanwhile, one each second', '', (of) => latency(of.added.beside)],
  ['their median over that without a run beside them', '< 2 x', (of) => ratio(of.added.beside.p50Ms, of.idle.p50Ms)],
  ['refused', '0', (of) => String(of.added.failures)],
  ['queries afterwards', '', (of) => latency(of.added.after)],
  [
    'index processes over their vectors, both generations open',
    '',
    (of) => ratio(of.added.indexPeakBytes, of.vectorBytes),
  ],
  ['indexing process at its peak', '', (of) => formatBytes(of.added.indexerPeakBytes)],
  ['its children at their peaks', '', (of) => children(of.added.belowPeakBytes)],
  ['10 tracks that are embedded added, without queries: the run', '', (of) => sec(of.alone.ranMs)],
  ['from its start to an answer from the new generation', '< 5 s', (of) => sec(of.alone.answeredMs)],
  ['10 tracks that are embedded added: the run', '', (of) => sec(of.embedded.ranMs)],
  ['from its start to an answer from the new generation', '', (of) => sec(of.embedded.answeredMs)],
  ['queries meanwhile, one each second', '', (of) => latency(of.embedded.beside)],
  ['refused', '0', (of) => String(of.embedded.failures)],
  ['1,000 tracks removed: the run', '', (of) => sec(of.removed.ranMs)],
  ['from its start to an answer from the new generation', '', (of) => sec(of.removed.answeredMs)],
  ['queries meanwhile, one each second', '', (of) => latency(of.removed.beside)],
  ['refused', '0', (of) => String(of.removed.failures)],
  ['queries afterwards', '', (of) => latency(of.removed.after)],
];

export function renderScale(results: readonly ScaleResult[]): string {
  const [first] = results;
  const head = [
    `${first?.tracks ?? 0} tracks`,
    'must be',
    ...results.map(({ chunks }) => `${chunks.toLocaleString('en-US')} chunks`),
  ];
  return table(
    head,
    rows.map(([what, must, figure]) => [what, must, ...results.map(figure)]),
  );
}

function ratio(of: number, over: number): string {
  return `${(of / over).toFixed(2)} x`;
}

function children(bytes: Readonly<Record<string, number>>): string {
  return Object.entries(bytes)
    .map(([kind, most]) => `${kind} ${formatBytes(most)}`)
    .join(', ');
}
