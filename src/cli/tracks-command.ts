/** `npm run similar -- --plus KEY... --minus KEY...` */
import { writeFile } from 'node:fs/promises';
import { LeitmotifError } from '../errors.ts';
import { renderPicture } from '../media/picture.ts';
import { shownAnswer } from '../query/answer-facts.ts';
import { answerJson } from '../query/answer-json.ts';
import { focusOf, fusionOf } from '../query/query-request.ts';
import type { Services } from '../services/services.ts';
import { renderAnswer } from './render-answer.ts';
import type { SimilarCommandOptions } from './similar-command.ts';

/** Options that need a recording as the query. */
const recordingOnly = ['clips', 'from', 'to'] as const;

/** @param keys paths of tracks below the library, as answers and lists print them */
export async function printByTracks(
  { config, queries, catalog }: Pick<Services, 'config' | 'queries' | 'catalog'>,
  keys: { readonly plus: readonly string[]; readonly minus: readonly string[] },
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const unfit = recordingOnly.filter((name) => options[name] !== undefined).map((name) => `--${name}`);
  if (unfit.length > 0) {
    throw new LeitmotifError(
      'bad-request',
      `Cannot combine --plus and ${unfit.join(', ')}: expected a recording for these`,
    );
  }
  const idOf = (key: string): number => {
    const track = catalog.tracks.byKey(key);
    if (track?.status === 'indexed') return track.id;
    throw new LeitmotifError('track-unknown', `Cannot query with "${key}": the library has no track of this key`);
  };
  const found = await queries.byTracks({
    tracks: { plus: keys.plus.map(idOf), minus: keys.minus.map(idOf) },
    neighbours: config.neighbours,
    fusion: fusionOf(options.fusion ?? config.fusion),
    focus: focusOf(options.focus),
    resultsMax: options.top,
    includeNonMusic: config.includeNonMusic,
    hubCorrection: config.hubCorrection,
    signal,
  });
  const answer = options.json ? found : shownAnswer(found);
  if (options.json) process.stdout.write(`${JSON.stringify(answerJson(answer), null, 2)}\n`);
  else process.stdout.write(renderAnswer(answer, { hidden: found.results.length - answer.results.length }));
  if (options.picture) {
    await writeFile(options.picture, await renderPicture(answer));
    if (!options.json) process.stdout.write(`picture: ${options.picture}\n`);
  }
  return 0;
}
