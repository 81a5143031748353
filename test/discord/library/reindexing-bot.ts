/** A bot with only the reindexer, to be killed: argv INDEX. Requests a full reindex and prints the indexing
 *  process's id on a line of stdout. */
import { pino } from 'pino';
import { buildApp } from '../../../src/app.ts';
import { readConfig } from '../../../src/config/config.ts';
import { projectRoot } from '../../support/library.ts';
import { asked, reindexerOf, slowly, until, WrittenAnnouncer } from './jobs.ts';

const config = readConfig({ INDEX_DIR: process.argv[2], LOG_LEVEL: 'silent', ...slowly }, projectRoot);
const log = pino({ level: 'silent' });
const app = await buildApp(config, { root: projectRoot, environment: process.env, log });
const reindexer = reindexerOf(app, new WrittenAnnouncer());
await reindexer.ask(asked);
await until(() => reindexer.pid !== undefined, 'the indexing process');
process.stdout.write(`${reindexer.pid}\n`);
setInterval(() => {}, 60_000);
