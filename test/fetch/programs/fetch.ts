/** Fetches argv[2] into argv[3] with loopback as the only public network; prints the error's code and the files left. */
import { existsSync } from 'node:fs';
import { toLeitmotifError } from '../../../src/errors.ts';
import { fetchAudio } from '../../../src/fetch/fetch-audio.ts';
import type { Network } from '../../../src/fetch/guarded-request.ts';

const [link = '', path = ''] = process.argv.slice(2);
const network: Network = {
  resolve: (_name, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  isAllowed: () => true,
};
try {
  const options = { path, limits: { bytesMax: 1e8, deadlineMs: 30_000 }, signal: new AbortController().signal };
  await fetchAudio(link, options, { network, paceWindowMs: 10_000 });
  process.stdout.write('fetched');
} catch (error) {
  process.stdout.write(`${toLeitmotifError(error).code} ${existsSync(path) ? 'left' : 'removed'}`);
}
