/** Verdicts: how answers judge a query with relatives in the library, one without, and one that is not music.
 *
 *  kin there    tracks of the library, without their own recording: others of their soundtrack, or other performances of
 *               their piece, are there
 *  no kin there the same with everything of their soundtrack or piece left out; others of their kind are there
 *  foreign      soundtracks against quartets only, quartets against soundtracks only, clips of other music (jazz, ragtime,
 *               rock, solo violin, orchestra) against soundtracks
 *  not music    speech, crowd, noise and places that the gate let through
 *
 *  Prints what a limit must be chosen by: the verdicts under the calibration of the space, if it has one; the shares that pass
 *  other limits; how well the match separates right first results from wrong and foreign ones; the logistic model of
 *  calibration.ts fitted again; how often first results of each match were right. Several models are compared by the same draws.
 */
import { type Calibration, calibrationOf, confidenceOf } from '../../src/ranking/calibration.ts';
import { table } from '../table.ts';
import { estimateMean, formatEstimate } from './metrics.ts';
import type { BenchContext } from './retrieval.ts';
import {
  brierScore,
  estimateArea,
  estimateAreaGain,
  fitLogistic,
  limitOfHalf,
  lowestLimit,
  type Observation,
  type Separation,
  sharePassing,
} from './separation.ts';
import { type Case, measureCases } from './verdict-cases.ts';

interface MeasuredSpace {
  readonly name: string;
  readonly spaceId: string;
  readonly cases: readonly Case[];
}

export async function verdictsReport(context: BenchContext): Promise<string> {
  const measured: MeasuredSpace[] = [];
  for (const pipeline of [context.pipeline, ...context.rivals]) {
    const cases = await measureCases({ ...context, pipeline });
    measured.push({ name: pipeline.space.name, spaceId: pipeline.spaceId, cases });
  }
  return reportOf(measured);
}

/** @param measured the first one is what the others are compared with */
export function reportOf(measured: readonly MeasuredSpace[]): string {
  const [first, ...rivals] = measured;
  const comparisons = rivals.map((rival) => comparison(first as MeasuredSpace, rival));
  return [...measured.map(spaceReport), ...comparisons].join('\n\n');
}

function spaceReport({ spaceId, cases }: MeasuredSpace): string {
  const calibration = calibrationOf(spaceId);
  const withKin = cases.filter(({ group }) => group === soundtracksWithKin);
  const fits = [
    { name: 'fitted to all groups', model: fitLogistic(cases.filter(({ group }) => group !== notMusic)) },
    {
      name: 'fitted to queries with kin',
      model: fitLogistic(cases.filter(({ group }) => group.endsWith(', kin there'))),
    },
    ...(calibration ? [{ name: 'of this space', model: calibration }] : []),
  ];
  return [
    `# verdicts: whole tracks and 30 s excerpts in libraries of other music; ${spaceId}`,
    calibration
      ? verdictTable(cases, calibration, spaceId.startsWith('builtin@'))
      : 'This space is not calibrated: every result is "sounds like".\n',
    'Share of queries whose first result has at least this match:',
    limitTable(cases),
    ...lowestLimits(cases),
    '',
    'Share of queries whose closeness is below this share of the spread:',
    closenessTable(cases),
    'Area under the ROC curve, by the match of the first result:',
    table(
      ['wanted against others', 'area'],
      [
        ...Object.entries(separations(cases)).map(([name, each]) => [name, formatEstimate(estimateArea(each))]),
        ...Object.entries(separations(cases, ({ similarity }) => similarity))
          .slice(0, 1)
          .map(([name, each]) => [
            `${name}, by the nearest chunks' mean similarity`,
            formatEstimate(estimateArea(each)),
          ]),
      ],
    ),
    'Logistic models; Brier score of first results of soundtracks with kin:',
    table(
      ['model', 'intercept', 'slope', 'Brier score'],
      fits.map(({ name, model }) => [
        name,
        model.intercept.toFixed(2),
        model.slope.toFixed(2),
        brierScore(withKin, model).toFixed(3),
      ]),
    ),
    'First results of soundtracks with kin:',
    reliabilityTable(withKin, fits),
  ].join('\n');
}

const soundtracksWithKin = 'soundtracks, kin there';
const foreignQuartets = 'foreign: quartets ask soundtracks';
const notMusic = 'not music, past the gate';

/** The former rule for the built-in model: "sounds like" above this mean similarity. Another model's results always were. */
const soundsLikeBeforeAbove = 0.305;

function verdictTable(cases: readonly Case[], calibration: Calibration, isBuiltin: boolean): string {
  const rows = [...Map.groupBy(cases, ({ group }) => group)].map(([group, own]) => {
    const told = (verdict: string) => own.filter((each) => verdictOf(each, calibration) === verdict).length;
    const share = (count: number) => (count / own.length).toFixed(2);
    const before = own.filter(({ similarity }) => similarity > (isBuiltin ? soundsLikeBeforeAbove : -1)).length;
    return [
      group,
      `${own.length}`,
      formatEstimate(
        estimateMean(
          own.map((each) => ({
            group: each.unit,
            value: Number(verdictOf(each, calibration) === 'sounds-like'),
          })),
        ),
      ),
      share(told('nearest')),
      share(told('nothing-close')),
      share(before),
      share(own.filter(({ isRight }) => isRight).length),
    ];
  });
  return table(
    ['queries', 'n', 'sounds like', 'nearest, not close', 'nothing close', 'sounds like, before', 'first is right'],
    rows,
  );
}

function verdictOf({ closeness, match }: Case, calibration: Calibration): string {
  if (closeness < calibration.nothingCloseBelow) return 'nothing-close';
  return confidenceOf(match, calibration) >= calibration.soundsLikeFrom ? 'sounds-like' : 'nearest';
}

function limitTable(cases: readonly Case[]): string {
  const limits = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8];
  return tableByGroup(cases, limits, 'match from', (own, limit) => sharePassing(own.map(byMatch), limit));
}

function closenessTable(cases: readonly Case[]): string {
  const limits = [0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2];
  return tableByGroup(
    cases,
    limits,
    'closeness below',
    (own, limit) => own.filter(({ closeness }) => closeness < limit).length / own.length,
  );
}

function tableByGroup(
  cases: readonly Case[],
  limits: readonly number[],
  title: string,
  shareOf: (own: readonly Case[], limit: number) => number,
): string {
  const groups = [...Map.groupBy(cases, ({ group }) => group)];
  const rows = limits.map((limit) => [
    `${Math.round(limit * 100)}`,
    ...groups.map(([, own]) => shareOf(own, limit).toFixed(2)),
  ]);
  return table([title, ...groups.map(([group]) => group)], rows);
}

/** At most this share of foreign music may be told "sounds like". */
const foreignShareMax = 0.3;

function lowestLimits(cases: readonly Case[]): string[] {
  const foreign = cases.filter(({ group }) => group === foreignQuartets).map(byMatch);
  const { limit, passing } = limitOfHalf(foreign, foreignShareMax);
  return [
    `Lowest limit that at most ${foreignShareMax * 100} % of quartets in soundtracks pass: a match of ${percent(lowestLimit(foreign, foreignShareMax))}`,
    `  chosen on half of the pieces: ${percent(limit.mean)} [${percent(limit.low)}, ${percent(limit.high)}]; of the other half ` +
      `${percent(passing.mean)} % [${percent(passing.low)}, ${percent(passing.high)}] pass`,
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)}`;
}

function byMatch({ unit, match }: Case): Observation {
  return { unit, value: match };
}

/** "Right" and "wrong" are first results, which differ from model to model; the last three do not depend on them. */
function separations(
  cases: readonly Case[],
  numberOf = ({ match }: Case): number => match,
): Record<string, Separation> {
  const of = (is: (one: Case) => boolean): Observation[] =>
    cases.filter(is).map((one) => ({ unit: one.unit, value: numberOf(one) }));
  const right = of(({ group, isRight }) => group.includes('kin there') && isRight);
  const withKin = of(({ group }) => group === soundtracksWithKin);
  return {
    'right first results against wrong ones, kin there or not': {
      wanted: right,
      others: of(({ group, isRight }) => group.includes('kin there') && !isRight),
    },
    'the same, kin there': {
      wanted: right,
      others: of(({ group, isRight }) => group.endsWith(', kin there') && !isRight),
    },
    'the same, soundtracks with kin there': {
      wanted: of(({ group, isRight }) => group === soundtracksWithKin && isRight),
      others: of(({ group, isRight }) => group === soundtracksWithKin && !isRight),
    },
    'right first results against foreign music': {
      wanted: right,
      others: of(({ group }) => group.startsWith('foreign')),
    },
    'soundtracks with kin against soundtracks without': {
      wanted: withKin,
      others: of(({ group }) => group === 'soundtracks, no kin there'),
    },
    'soundtracks with kin against quartets in soundtracks': {
      wanted: withKin,
      others: of(({ group }) => group === foreignQuartets),
    },
    'soundtracks with kin against what is not music': {
      wanted: withKin,
      others: of(({ group }) => group === notMusic),
    },
  };
}

function reliabilityTable(
  cases: readonly Case[],
  fits: readonly { name: string; model: Pick<Calibration, 'intercept' | 'slope'> }[],
): string {
  const edges = [0, 0.02, 0.1, 0.25, 0.5, 0.75, 1.01];
  const rows = edges.slice(0, -1).map((from, at) => {
    const to = edges[at + 1] ?? 1;
    const own = cases.filter(({ match }) => match >= from && match < to);
    const mean = (of: (one: Case) => number) => (own.reduce((sum, one) => sum + of(one), 0) / own.length).toFixed(2);
    return [
      `${Math.round(from * 100)} to ${Math.round(Math.min(to, 1) * 100)}`,
      `${own.length}`,
      mean(({ isRight }) => Number(isRight)),
      ...fits.map(({ model }) => mean(({ match }) => confidenceOf(match, model))),
    ];
  });
  return table(['match', 'n', 'right', ...fits.map(({ name }) => `expected by the model ${name}`)], rows);
}

function comparison(first: MeasuredSpace, rival: MeasuredSpace): string {
  const names = [first.name, rival.name];
  const own = separations(first.cases);
  const theirs = separations(rival.cases);
  const rows = Object.entries(own).map(([name, before]) => {
    const after = theirs[name] as Separation;
    return [name, ...[estimateArea(before), estimateArea(after), estimateAreaGain(before, after)].map(formatEstimate)];
  });
  const atEqualLimits = [0.1, 0.2, foreignShareMax].map((shareMax) => [
    `${percent(shareMax)} %`,
    ...[first, rival].flatMap(({ cases }) => {
      const of = (wanted: string) => cases.filter(({ group }) => group === wanted).map(byMatch);
      const limit = lowestLimit(of(foreignQuartets), shareMax);
      return [
        percent(limit),
        ...[soundtracksWithKin, 'quartets, kin there'].map((group) => sharePassing(of(group), limit).toFixed(2)),
      ];
    }),
  ]);
  return [
    `# ${names[1]} against ${names[0]}: areas under the ROC curve, by the match of the first result`,
    table(['wanted against others', ...names, 'difference'], rows),
    'Share of queries with kin that pass the lowest limit that lets at most this share of quartets in soundtracks pass:',
    table(
      [
        'quartets in soundtracks',
        ...names.flatMap((name) => [
          `${name}: match from`,
          `${name}: soundtracks, kin there`,
          `${name}: quartets, kin there`,
        ]),
      ],
      atEqualLimits,
    ),
  ].join('\n');
}
