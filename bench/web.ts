/** `npm run bench:web -- [tracks] [page] [answers]`: the web app's figures against their targets. Without a name, all three. */
import { parseArgs } from 'node:util';
import { findSampleLibrary } from '../src/cli/sample-library.ts';
import { benchAnswers, renderAnswerBench } from './web/answers.ts';
import { benchPage, renderPageBench } from './web/page.ts';
import { benchTracks, renderTrackBench } from './web/tracks.ts';

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const environment = process.env;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { music: { type: 'string' } } });

const parts: Readonly<Record<string, () => Promise<string>>> = {
  tracks: async () => renderTrackBench(await benchTracks({ environment, log })),
  page: async () => renderPageBench(await benchPage({ environment, log })),
  answers: async () => renderAnswerBench(await benchAnswers({ music: sampleLibrary(), environment, log })),
};

function sampleLibrary(): string {
  const found = values.music ?? findSampleLibrary();
  if (found) return found;
  log(
    'Cannot measure: expected the sample library (npm run demo installs it), or a folder of recordings with --music DIR',
  );
  process.exit(1);
}

const asked = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  log(`Cannot measure ${unknown.join(', ')}: expected some of ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
for (const name of asked) process.stdout.write(`## ${name}\n\n${await parts[name]?.()}\n`);
