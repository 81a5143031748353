/** "This is" for changed copies: the number of proved half-minutes and of wrong pairs, before and after the second proof
 *  (src/fingerprint/changed-copy.ts). Fingerprints only: the selection of candidates is not part of it.
 *
 *  The queries are from every third soundtrack. Limits were chosen on the first, third, fifth... of these; the table reports the
 *  others.
 */
import { type ChangedMatches, ChangedQuery, isPromising, provingMatch } from '../../src/fingerprint/changed-copy.ts';
import { isSameRecording, matchFingerprints } from '../../src/fingerprint/match.ts';
import { table } from '../table.ts';
import { type CopyName, copyRecipes, type ProofCopy, ProofCorpus, type ProofTrack } from './proof-copies.ts';
import type { BenchContext } from './retrieval.ts';

const sourceStep = 3;
const durationSecMin = 40;
/** Every 28th of the other tracks, another 28th for each copy. */
const foreignStep = 28;
/** The changes applied to performances. */
const performanceCopies: readonly CopyName[] = ['clean', 'telephone, mu-law', 'speed +2 %', 'tempo -2 %'];
const otherPieceStep = 6;

type Kind = 'own' | 'foreign' | 'same piece' | 'other piece';

interface Trial {
  readonly kind: Kind;
  readonly isReported: boolean;
  readonly copy: ProofCopy;
  readonly against: ProofTrack;
  readonly isPlainProof: boolean;
  readonly matches: ChangedMatches;
  /** The proof in the answer; null without a proof. */
  readonly proof: { readonly speed: number; readonly offsetSec: number } | null;
}

export async function proofReport({ options }: BenchContext): Promise<string> {
  const corpus = new ProofCorpus(options);
  const trials = [...(await soundtrackTrials(corpus)), ...(await performanceTrials(corpus))];
  if (options.json) return JSON.stringify(trials.map(compact));
  const own = trials.filter(({ kind }) => kind === 'own');
  const wrong = trials.filter(({ kind }) => kind !== 'own');
  const names = Object.keys(copyRecipes) as CopyName[];
  const head = ['copy, 30 s', 'proved before', 'proved', 'of the tuned half', 'speed off > 0.5 %', 'offset off > 1 s'];
  const kinds = [...new Set(wrong.map(({ kind }) => kind))];
  return [
    '# proof: half-minutes laid over their own recording and over others, by fingerprints alone',
    table(
      head,
      names.map((name) =>
        copyRow(
          name,
          own.filter(({ copy }) => copy.copy === name),
        ),
      ),
    ),
    table(
      [
        'wrong pairs',
        'proved before',
        'proved',
        'pairs',
        'nearest: own speed',
        'other speed',
        'telephone band',
        'and other speed',
      ],
      kinds.map((kind) =>
        wrongRow(
          kind,
          wrong.filter((trial) => trial.kind === kind),
        ),
      ),
    ),
    ...wrong.filter(({ proof }) => proof).map(describe),
  ].join('\n');
}

async function soundtrackTrials(corpus: ProofCorpus): Promise<Trial[]> {
  const library = await corpus.library();
  const sources = library.filter(({ durationSec }, at) => at % sourceStep === 0 && durationSec >= durationSecMin);
  const trials: Trial[] = [];
  for (const [at, source] of sources.entries()) {
    for (const [copyAt, name] of (Object.keys(copyRecipes) as CopyName[]).entries()) {
      const copy = await corpus.copyOf(source, name);
      const isMet = (track: ProofTrack, place: number) =>
        track === source || (place + 7 * at + 3 * copyAt) % foreignStep === 0;
      const kindOf = (track: ProofTrack): Kind => (track === source ? 'own' : 'foreign');
      trials.push(...ask(copy, library.filter(isMet), kindOf, at % 2 === 1));
    }
  }
  return trials;
}

async function performanceTrials(corpus: ProofCorpus): Promise<Trial[]> {
  const recordings = await corpus.performances();
  const trials: Trial[] = [];
  for (const [at, source] of recordings.entries()) {
    for (const name of performanceCopies) {
      const copy = await corpus.copyOf(source, name);
      const kindOf = (track: ProofTrack): Kind =>
        track.soundtrack === source.soundtrack ? 'same piece' : 'other piece';
      const others = recordings.filter(
        (track, place) => track !== source && (kindOf(track) === 'same piece' || (at + place) % otherPieceStep === 0),
      );
      trials.push(...ask(copy, others, kindOf, true));
    }
  }
  return trials;
}

function ask(
  copy: ProofCopy,
  library: readonly ProofTrack[],
  kindOf: (track: ProofTrack) => Kind,
  isReported: boolean,
): Trial[] {
  const asHeard = new ChangedQuery(copy.fingerprint, []);
  const query = new ChangedQuery(copy.fingerprint, copy.otherSpeeds.atSpeeds);
  return library.map((against) => {
    const match = matchFingerprints(copy.fingerprint, against.fingerprint);
    const plain = match && isSameRecording(match) ? { speed: 1, offsetSec: match.offsetSec } : null;
    const first = asHeard.compare(against.fingerprint);
    const matches = isPromising(first) ? query.compare(against.fingerprint) : first;
    const proof = plain ?? provingMatch(matches, copy.otherSpeeds.isTelephoneBand);
    return { kind: kindOf(against), isReported, copy, against, isPlainProof: plain !== null, matches, proof };
  });
}

function compact({ kind, isReported, copy, against, isPlainProof, matches, proof }: Trial) {
  const { source, copy: name, fromSec, otherSpeeds } = copy;
  const asked = { copy: name, source: source.name, fromSec, isTelephoneBand: otherSpeeds.isTelephoneBand };
  return { kind, isReported, ...asked, against: against.name, isPlainProof, ...matches, proof };
}

function copyRow(name: CopyName, trials: readonly Trial[]): string[] {
  const reported = trials.filter(({ isReported }) => isReported);
  const tuned = trials.filter(({ isReported }) => !isReported);
  const proofs = reported.flatMap(({ proof, copy }) => (proof ? [{ proof, copy }] : []));
  const share = (some: readonly Trial[], all: readonly Trial[]) =>
    `${some.length} of ${all.length} (${Math.round((100 * some.length) / Math.max(1, all.length))} %)`;
  return [
    name,
    share(
      reported.filter(({ isPlainProof }) => isPlainProof),
      reported,
    ),
    share(
      reported.filter(({ proof }) => proof),
      reported,
    ),
    share(
      tuned.filter(({ proof }) => proof),
      tuned,
    ),
    String(proofs.filter(({ proof, copy }) => Math.abs(proof.speed - copy.speed) > 0.005).length),
    String(proofs.filter(({ proof, copy }) => Math.abs(proof.offsetSec - copy.fromSec) > 1).length),
  ];
}

function wrongRow(kind: Kind, trials: readonly Trial[]): string[] {
  const nearest = (isTelephone: boolean, speed: keyof ChangedMatches) =>
    Math.max(
      ...trials
        .filter(({ copy, isPlainProof }) => copy.otherSpeeds.isTelephoneBand === isTelephone && !isPlainProof)
        .map(({ matches }) => matches[speed]?.correlation ?? 0),
    ).toFixed(3);
  return [
    kind,
    String(trials.filter(({ isPlainProof }) => isPlainProof).length),
    String(trials.filter(({ proof }) => proof).length),
    String(trials.length),
    nearest(false, 'sameSpeed'),
    nearest(false, 'otherSpeed'),
    nearest(true, 'sameSpeed'),
    nearest(true, 'otherSpeed'),
  ];
}

function describe({ kind, copy, against, isPlainProof, matches }: Trial): string {
  const by = isPlainProof ? 'as a plain copy' : `with ${bestCorrelation(matches).toFixed(3)}`;
  return `- wrong (${kind}), ${by}: ${copy.copy} of ${copy.source.name} for ${against.name}`;
}

function bestCorrelation({ sameSpeed, otherSpeed }: ChangedMatches): number {
  return Math.max(sameSpeed?.correlation ?? 0, otherSpeed?.correlation ?? 0);
}
