/** The clips of a whole answer at once, for tests. */
import type { LeitmotifError } from '../../src/errors.ts';
import type { CutResult, ResultClips } from '../../src/media/clips.ts';

/** @returns both by rank, in the order in which they came */
export async function allClips(cuts: AsyncIterable<CutResult>) {
  const byRank = new Map<number, ResultClips>();
  const problems = new Map<number, LeitmotifError>();
  for await (const cut of cuts) {
    if ('clips' in cut) byRank.set(cut.result.rank, cut.clips);
    else problems.set(cut.result.rank, cut.problem);
  }
  return { byRank, problems };
}
