/** Kills of Azurite and of the indexer at random moments of index runs over a container, with a fixed seed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexer, killAtRandomMoments, type Victim } from '../indexing/chaos.ts';
import { Azurite } from '../support/azurite.ts';
import { writePiece } from '../support/pieces.ts';

const kills = Number(process.env.AZURE_KILLS ?? 16);
let azurite: Azurite;
let workplace: string;

beforeAll(async () => {
  workplace = mkdtempSync(path.join(tmpdir(), 'leitmotif-kills-'));
  azurite = await Azurite.start();
  const container = await azurite.container('music');
  for (let at = 0; at < 8; at++) {
    const name = `piece ${at}.${['mp3', 'ogg', 'flac', 'm4a'][at % 4]}`;
    const file = path.join(workplace, name);
    writePiece(file, at + 1, 11 + at);
    await container.getBlockBlobClient(name).uploadFile(file);
  }
  await azurite.remembers('piece 7.m4a');
});

afterAll(async () => {
  await azurite[Symbol.asyncDispose]();
  rmSync(workplace, { recursive: true, force: true });
});

test(`loses and duplicates nothing over ${kills} kills of Azurite and of its readers`, async () => {
  const storage: Victim = {
    ...{ name: 'Azurite', weight: 3 },
    pids: () => [azurite.pid],
    revive: () => azurite.revive(),
  };
  const library = { music: 'azure://devstoreaccount1/music', environment: azurite.environment };
  const victims = [storage, { ...indexer, weight: 1 }];
  const told = await killAtRandomMoments({ ...library, workplace, kills, seed: 7, victims, asks: true });
  expect(Object.keys(told.expected.rows)).toHaveLength(8);
  expect(told.killed.Azurite).toBeGreaterThan(0);
  process.stdout.write(`${JSON.stringify(told.killed)}, ${told.finished} libraries came to their end\n`);
}, 900_000);
