/** The published description is enough to generate a client from: its code passes the type check, and it asks a running server. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { addKey, makeWeb, type TestWeb } from './running-web.ts';

const run = promisify(execFile);
let library: TestLibrary;
let web: TestWeb;
let key: string;
let folder: string;

beforeAll(async () => {
  library = await makeLibrary();
  key = await addKey(library, 'generated', 'admin');
  web = await makeWeb(library);
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-client-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

/** As somebody would write it: without a cast. */
const program = `import { client } from './client/client.gen.ts';
import * as api from './client/sdk.gen.ts';
import type { Answer, LibraryJob, Problem, Query, Track } from './client/types.gen.ts';

const [, , baseUrl = '', auth = ''] = process.argv;
client.setConfig({ baseUrl, auth });

const page = await api.getApiV1Tracks({ query: { q: 'titled', limit: 1 }, throwOnError: true });
const track: Track | undefined = page.data.tracks[0];
if (track === undefined) throw new Error('no track');
const asked = await api.postApiV1Queries({ body: { track: track.id, results: 3, focus: 'harmony' }, throwOnError: true });
let query: Query;
do query = (await api.getApiV1QueriesById({ path: { id: asked.data.id }, throwOnError: true })).data;
while (query.state === 'waiting' || query.state === 'running');
const answer: Answer | null = query.answer;
const refused = await api.getApiV1TracksById({ path: { id: 999_999 } });
const problem: Problem | undefined = refused.error;
const backup: LibraryJob = (await api.postApiV1LibraryBackups({ throwOnError: true })).data;
const { data: clusters } = await api.getApiV1LibraryClusters({ throwOnError: true });
console.log(JSON.stringify({
  title: track.title,
  asked: answer?.query.name,
  ranks: answer?.results.map(({ rank }) => rank),
  problem: problem?.code,
  backup: backup.kind,
  clusters: 'clusters' in clusters ? 'made' : clusters.kind,
}));
`;

test('generates, without a network, a client that passes the type check and asks the server', {
  timeout: 300_000,
}, async () => {
  const description = path.join(folder, 'openapi.json');
  writeFileSync(description, await (await web.call('/api/openapi.json')).text());
  const generator = path.join(projectRoot, 'test/web/generate-client.mjs');
  await run(process.execPath, [generator, description, path.join(folder, 'client')], { cwd: folder });

  writeFileSync(path.join(folder, 'program.ts'), program);
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: 'esnext', module: 'nodenext', allowImportingTsExtensions: true },
    ...{ lib: ['esnext', 'dom', 'dom.iterable'], types: ['node'], erasableSyntaxOnly: true },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(path.join(projectRoot, 'node_modules/@types'), path.join(folder, 'node_modules/@types'));
  const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', folder]).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });

  const { stdout } = await run(process.execPath, ['program.ts', web.url, key], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({
    ...{ title: 'A Titled Piece', asked: 'A Titled Piece', ranks: [1, 2, 3] },
    ...{ problem: 'track-unknown', backup: 'backup', clusters: 'clusters' },
  });
});
