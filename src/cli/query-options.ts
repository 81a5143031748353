/** The options of `npm run similar`, and what all its ways of asking do with them. */
import { writeFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { renderPicture } from '../media/picture.ts';
import type { Answer } from '../query/answer.ts';
import { shownAnswer } from '../query/answer-facts.ts';
import { focusOf, fusionOf } from '../query/query-request.ts';

export interface SimilarCommandOptions {
  readonly json?: true;
  readonly top: number;
  readonly clips?: string;
  readonly picture?: string;
  readonly fusion?: string;
  readonly focus?: string;
  readonly from?: number;
  readonly to?: number;
}

/** @param way the option that was given
 *  @param unfit options that need a recording as the query
 *  @throws {LeitmotifError} 'bad-request' */
export function refuseOptions(
  way: '--plus' | '--text',
  options: SimilarCommandOptions,
  unfit: readonly (keyof SimilarCommandOptions)[],
): void {
  const given = unfit.filter((name) => options[name] !== undefined).map((name) => `--${name}`);
  if (given.length === 0) return;
  throw new LeitmotifError(
    'bad-request',
    `Cannot combine ${way} and ${given.join(', ')}: expected a recording for these`,
  );
}

/** The part of a query that follows from options and configuration. */
export function searchOf(options: SimilarCommandOptions, config: Config) {
  return {
    neighbours: config.neighbours,
    fusion: fusionOf(options.fusion ?? config.fusion),
    focus: focusOf(options.focus),
    resultsMax: options.top,
    includeNonMusic: config.includeNonMusic,
    hubCorrection: config.hubCorrection,
  };
}

/** @returns the answer to print, and the number of results that it leaves out; JSON leaves out none */
export function printedAnswer(found: Answer, { json }: SimilarCommandOptions): { answer: Answer; hidden: number } {
  const answer = json ? found : shownAnswer(found);
  return { answer, hidden: found.results.length - answer.results.length };
}

export async function writePicture(
  answer: Answer,
  { picture }: SimilarCommandOptions,
  print: (text: string) => void,
): Promise<void> {
  if (!picture) return;
  await writeFile(picture, await renderPicture(answer));
  print(`picture: ${picture}\n`);
}
