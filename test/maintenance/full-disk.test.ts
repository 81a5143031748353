/** Full disks for writes outside the index: each is reported with the file's name, leaves no partial file that
 *  looks complete, and succeeds once there is room. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { receiveBody } from '../../embedding-worker/request-body.ts';
import { exportIndex } from '../../src/exchange/export-index.ts';
import { FolderClips } from '../../src/library/folder-clips.ts';
import { Spool } from '../../src/library/spool.ts';
import { backUpCatalog } from '../../src/maintenance/backup.ts';
import { FolderBackups } from '../../src/maintenance/folder-backups.ts';
import { AnswerFiles } from '../../src/media/answer-files.ts';
import { inlineMedia } from '../../src/media/inline-media.ts';
import type { Answer } from '../../src/query/answer.ts';
import { factsOf, openCatalog, recordingOf, tempFolder } from '../catalog/helpers.ts';
import { azureLibrary } from '../support/azure-library.ts';
import { Azurite } from '../support/azurite.ts';
import { writePiece } from '../support/pieces.ts';
import { hasSmallDisks, SmallDisk } from '../support/small-disk.ts';

const signal = new AbortController().signal;
const enoughBytes = 64_000_000;

function smallDisk(bytes = 100_000): SmallDisk {
  const disk = new SmallDisk(bytes);
  onTestFinished(() => disk[Symbol.dispose]());
  return disk;
}

function filled() {
  const catalog = openCatalog();
  for (let at = 0; at < 40; at++) {
    catalog.embeddings.put(
      factsOf(`piece ${at}.mp3`),
      recordingOf(['music', 'music'], { dimensions: 512, seed: at + 1 }),
    );
  }
  return catalog;
}

const limits = { deadlineMs: 60_000, durationMaxSec: 600, bytesMax: 1e9, memoryMaxBytes: 2 ** 31 };

/** The part of an answer that decides its extracts: a result for each of these windows of the query. */
function answerHeardAt(startsSec: readonly number[]): Answer {
  const chunks = startsSec.map((startSec, index) => ({ index, startSec, endSec: startSec + 10, loudnessDb: -20 }));
  const results = chunks.map(({ index, startSec }) => ({
    rank: index + 1,
    hits: [{ queryChunk: index, queryStartSec: startSec, durationSec: 10 }],
  }));
  return { query: { name: 'A query', chunks }, results } as unknown as Answer;
}

/** Fails with disk-full, naming the disk, leaves no file under its final name, and then succeeds. */
async function failsThenSucceeds(disk: SmallDisk, write: () => Promise<unknown>, isWhole: RegExp): Promise<void> {
  await expect(write()).rejects.toEqual(
    expect.objectContaining({ code: 'disk-full', message: expect.stringContaining(disk.path) }),
  );
  const left = readdirSync(disk.path, { recursive: true }).map(String);
  expect(left.filter((name) => isWhole.test(name))).toEqual([]);
  disk.resize(enoughBytes);
  await write();
  expect(
    readdirSync(disk.path, { recursive: true })
      .map(String)
      .filter((name) => isWhole.test(name)),
  ).toHaveLength(1);
}

describe.skipIf(!hasSmallDisks)('reports a full disk', () => {
  test.each(['jsonl', 'parquet'])('during an export as %s', async (extension) => {
    const [disk, catalog] = [smallDisk(), filled()];
    const file = path.join(disk.path, `index.${extension}`);
    const write = () => exportIndex({ catalog, spaceId: 'space-a', file, replace: false, signal });
    await failsThenSucceeds(disk, write, /index\.(jsonl|parquet)(\.partial)?$/);
  });

  test('during a backup', async () => {
    const [disk, catalog] = [smallDisk(), filled()];
    const store = new FolderBackups(path.join(disk.path, 'safe'));
    const parts = { catalog, store, workDir: tempFolder(), keep: null, now: new Date(), signal };
    await failsThenSucceeds(disk, () => backUpCatalog(parts), /catalog-.*\.sqlite/);
  });

  test('during the copy that becomes a backup', async () => {
    const [disk, catalog] = [smallDisk(), filled()];
    const store = new FolderBackups(tempFolder());
    const parts = { catalog, store, workDir: path.join(disk.path, 'spool'), keep: null, now: new Date(), signal };
    await expect(backUpCatalog(parts)).rejects.toMatchObject({ code: 'disk-full' });
    expect(readdirSync(parts.workDir)).toEqual([]);
    disk.resize(enoughBytes);
    expect((await backUpCatalog(parts)).tracks).toBe(40);
  });

  test('while storing a clip', async () => {
    const disk = smallDisk();
    const clip = path.join(tempFolder(), 'clip.mp3');
    writeFileSync(clip, randomBytes(162_000));
    const clips = new FolderClips(path.join(disk.path, 'clips'));
    await failsThenSucceeds(disk, () => clips.put('content/0.mp3', clip, { signal }), /0\.mp3/);
  });

  test('while storing the extracts of an answer', async () => {
    const disk = smallDisk(20_000);
    const queryPath = writePiece(path.join(tempFolder(), 'query.wav'), 1, 30);
    const files = new AnswerFiles(path.join(disk.path, 'answers'), inlineMedia);
    const answer = answerHeardAt([0, 10, 20]);
    const results = answer.results.length;
    const keep = () => files.keepExtracts('id', answer, { queryPath, results, limits, signal });
    const extracts = () => readdirSync(files.dirOf('id'));
    await expect(keep()).rejects.toEqual(
      expect.objectContaining({ code: 'disk-full', message: expect.stringContaining(disk.path) }),
    );
    expect(extracts().filter((name) => name.endsWith('.mp3'))).toEqual([]);
    disk.resize(enoughBytes);
    await keep();
    expect(extracts().length).toBeGreaterThan(0);
    expect(extracts().every((name) => /^query-\d+-\d+\.mp3$/.test(name))).toBe(true);
  });

  test('while storing the body of a request', async () => {
    const disk = smallDisk();
    const body = randomBytes(300_000);
    const send = async (name: string) => {
      const received = Promise.withResolvers<number>();
      const server = createServer((request: IncomingMessage, response) => {
        const options = { bytesMax: 1e9, signal };
        receiveBody(request, path.join(disk.path, name), options)
          .then(received.resolve, received.reject)
          .finally(() => response.end());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const asked = fetch(`http://127.0.0.1:${port}`, { method: 'POST', body }).catch(() => {});
      try {
        return await received.promise;
      } finally {
        await asked;
        server.closeAllConnections();
        server.close();
      }
    };
    await expect(send('first')).rejects.toEqual(
      expect.objectContaining({ code: 'disk-full', message: expect.stringContaining(path.join(disk.path, 'first')) }),
    );
    disk.resize(enoughBytes);
    expect(await send('second')).toBe(body.length);
  });

  test('while fetching a recording from Azure: leaves no file, and fetches it once there is room', async () => {
    await using azurite = await Azurite.start();
    const container = await azurite.container('music');
    const bytes = randomBytes(400_000);
    await container.getBlockBlobClient('a.mp3').upload(bytes, bytes.length);
    const disk = smallDisk();
    const spool = new Spool({ dir: path.join(disk.path, 'fetched'), bytesMax: 1e9 });
    mkdirSync(path.join(disk.path, 'fetched'));
    const { library } = azureLibrary('music', azurite.endpoint, { spool });
    await expect(library.localFile('a.mp3', { signal })).rejects.toMatchObject({ code: 'disk-full' });
    expect(readdirSync(path.join(disk.path, 'fetched'))).toEqual([]);
    disk.resize(enoughBytes);
    await using local = await library.localFile('a.mp3', { signal });
    expect(existsSync(local.path)).toBe(true);
  });
});
