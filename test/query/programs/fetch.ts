/** Fetches argv[2] into argv[3] as if loopback were public, and prints the error's code and what was left behind. */
import { existsSync } from 'node:fs';
import { toLeitmotifError } from '../../../src/errors.ts';
import { fetchAudio } from '../../../src/query/fetch-audio.ts';

const [link = '', path = ''] = process.argv.slice(2);
const network = { resolve: () => {}, isAllowed: () => true };
try {
  const options = { path, limits: { bytesMax: 1e8, deadlineMs: 30_000 }, signal: new AbortController().signal };
  await fetchAudio(link, options, { network, paceWindowMs: 10_000 });
  process.stdout.write('fetched');
} catch (error) {
  process.stdout.write(`${toLeitmotifError(error).code} ${existsSync(path) ? 'left' : 'removed'}`);
}
