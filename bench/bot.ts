/** `npm run bench:bot -- [acks] [answers] [crowd] [faults] [shards] [soak] [--queries 1000]`: the bot's figures against their targets, with the sample
 *  library and a local Discord. Without a name, all
 *  but the soak, which takes an hour. */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { findSampleLibrary } from '../src/cli/sample-library.ts';
import { benchAcks, renderAckBench } from './bot/acks.ts';
import { benchAnswers, renderAnswerBench } from './bot/answers.ts';
import { benchCrowd, renderCrowdBench } from './bot/crowd.ts';
import { benchFaults, renderFaultBench } from './bot/faults.ts';
import { benchShards, renderShardBench } from './bot/shards.ts';
import { benchSoak, renderSoakBench } from './bot/soak.ts';
import { type BotBenchOptions, indexOnce, recordingsOf } from './bot/stage.ts';

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const environment = process.env;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { music: { type: 'string' }, queries: { type: 'string', default: '1000' } },
});
const parts: Readonly<Record<string, (options: BotBenchOptions) => Promise<string>>> = {
  acks: async (options) => renderAckBench(await benchAcks(options)),
  answers: async (options) => renderAnswerBench(await benchAnswers(options)),
  crowd: async (options) => renderCrowdBench(await benchCrowd(options)),
  faults: async (options) => renderFaultBench(await benchFaults(options)),
  shards: async (options) => renderShardBench(await benchShards(options)),
  soak: async (options) => renderSoakBench(await benchSoak(options, Number(values.queries))),
};

const asked = positionals.length > 0 ? positionals : Object.keys(parts).filter((name) => name !== 'soak');
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
const music = values.music ?? findSampleLibrary();
if (unknown.length > 0 || music === undefined) {
  log(
    unknown.length > 0
      ? `Cannot measure ${unknown.join(', ')}: expected some of ${Object.keys(parts).join(', ')}`
      : 'Cannot measure: expected the sample library (npm run demo installs it), or a folder of recordings with --music DIR',
  );
  process.exit(1);
}
log(`indexing ${music}`);
const indexDir = await indexOnce(music, environment);
try {
  for (const name of asked) {
    process.stdout.write(
      `## ${name}\n\n${await parts[name]?.({ files: recordingsOf(music), indexDir, environment, log })}\n`,
    );
  }
} finally {
  await rm(indexDir, { recursive: true });
}
