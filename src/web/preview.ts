/** What other services show of an address that was shared: the verdict, the best results and the match picture (Open Graph).
 *  Only addresses that the owner of an answer made have one.
 *  @see https://ogp.me */
import type { FastifyRequest } from 'fastify';
import { escapeMarkup, oneLine, trackName } from '../format.ts';
import { matchNumber, shownAnswer } from '../query/answer-facts.ts';
import { verdictSentence } from '../query/answer-words.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import { sharedAddress, sharedAnswer } from './routes/shared.ts';
import type { RouteParts } from './web-server.ts';

const resultsShown = 3;
const titleMax = 150;
const descriptionMax = 300;

/** @returns elements for the head of the page; empty for an address that shows nothing */
export function previewOf(
  parts: Pick<RouteParts, 'links' | 'services'>,
  { protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>,
  token: string,
): string {
  let stored: StoredAnswer;
  try {
    stored = sharedAnswer(parts, token);
  } catch {
    // The page says why.
    return '';
  }
  const origin = parts.services.config.web.origins[0] ?? `${protocol}://${host}`;
  const title = oneLine(verdictSentence(stored.answer), titleMax);
  return [
    property('og:type', 'website'),
    property('og:site_name', 'Leitmotif'),
    property('og:title', title),
    property('og:description', descriptionOf(stored)),
    property('og:url', `${origin}/shared/${token}`),
    property('og:image', `${origin}${sharedAddress(token)}/picture.png`),
    property('og:image:type', 'image/png'),
    property('og:image:alt', `Match picture: ${title}`),
    '<meta name="twitter:card" content="summary_large_image" />',
  ].join('');
}

function descriptionOf({ answer, options }: StoredAnswer): string {
  const results = shownAnswer(answer).results.slice(0, Math.min(options.results, resultsShown));
  const lines = results.map((result) => {
    const match = matchNumber(result, answer);
    const artist = result.track.artist ? `, ${result.track.artist}` : '';
    return `${result.rank}. ${trackName(result.track)}${artist}${match === null ? '' : ` (match ${match})`}`;
  });
  return oneLine([`Asked with ${answer.query.name}.`, ...lines].join(' '), descriptionMax);
}

function property(name: string, content: string): string {
  return `<meta property="${name}" content="${escapeMarkup(content)}" />`;
}
