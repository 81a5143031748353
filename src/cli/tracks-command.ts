/** `npm run similar -- --plus KEY... --minus KEY...` */
import { LeitmotifError } from '../errors.ts';
import { answerJson } from '../query/answer-json.ts';
import type { Services } from '../services/services.ts';
import { printedAnswer, refuseOptions, type SimilarCommandOptions, searchOf, writePicture } from './query-options.ts';
import { renderAnswer } from './render-answer.ts';

/** @param keys paths of tracks below the library, as answers and lists print them */
export async function printByTracks(
  { config, queries, catalog }: Pick<Services, 'config' | 'queries' | 'catalog'>,
  keys: { readonly plus: readonly string[]; readonly minus: readonly string[] },
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  refuseOptions('--plus', options, ['clips', 'from', 'to']);
  const idOf = (key: string): number => {
    const track = catalog.tracks.byKey(key);
    if (track?.status === 'indexed') return track.id;
    throw new LeitmotifError('track-unknown', `Cannot query with "${key}": the library has no track of this key`);
  };
  const tracks = { plus: keys.plus.map(idOf), minus: keys.minus.map(idOf) };
  const found = await queries.byTracks({ ...searchOf(options, config), tracks, signal });
  const { answer, hidden } = printedAnswer(found, options);
  if (options.json) process.stdout.write(`${JSON.stringify(answerJson(answer), null, 2)}\n`);
  else process.stdout.write(renderAnswer(answer, { hidden }));
  await writePicture(answer, options, (text) => {
    if (!options.json) process.stdout.write(text);
  });
  return 0;
}
