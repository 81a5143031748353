/** Fetching links from a real server on loopback. */
import { execFile } from 'node:child_process';
import { createHash, pbkdf2, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FetchOptions, fetchAudio } from '../../src/fetch/fetch-audio.ts';
import { type Page, Web } from './web.ts';

const never = new AbortController().signal;
/** Binary from the first byte, as every recording is. */
const audio = Buffer.concat([Buffer.from('ID3\x04\0\0'), randomBytes(300_000)]);

let folder: string;
let web: Web;
let target: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fetch-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => web[Symbol.asyncDispose]());

async function open(page: Page): Promise<string> {
  web = await Web.open({ '/a.mp3': page });
  target = path.join(folder, `${count++}`);
  return web.link('/a.mp3');
}

type Limits = Partial<FetchOptions['limits']>;

function fetch(
  link: string,
  { limits = {}, ...more }: Partial<Omit<FetchOptions, 'limits'>> & { limits?: Limits } = {},
) {
  const options = {
    path: target,
    limits: { bytesMax: 1_000_000, deadlineMs: 20_000, ...limits },
    signal: never,
    ...more,
  };
  return fetchAudio(link, options, { network: web.network, paceWindowMs: 300 });
}

async function failureOf(fetching: Promise<unknown>) {
  const error = await fetching.then(
    () => expect.fail('it was fetched'),
    (failure: unknown) => failure,
  );
  expect(existsSync(target), 'nothing is left behind').toBe(false);
  return error as { code: string; message: string; facts: Record<string, unknown> };
}

/** Writes until the reader stops. */
function writeEndlessly(response: ServerResponse, block: Buffer, everyMs: number): void {
  const timer = setInterval(() => response.write(block), everyMs);
  response.on('close', () => clearInterval(timer));
}

describe('a link to a file', () => {
  test('is fetched whole when the server closes while the last bytes are being written to disk', async () => {
    const large = Buffer.concat([audio, audio, audio]);
    // undici 7 ended the whole process here: its parser was paused when the connection closed.
    const link = await open((_request, response) => response.writeHead(200, { connection: 'close' }).end(large));
    // Blocking the thread makes the end arrive with the last blocks, as on a busy machine.
    const hold = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    expect((await fetch(link, { onProgress: hold })).sizeBytes).toBe(large.length);
  });

  test('gives the file with its size, hash and name', async () => {
    const progress: [number, number | null][] = [];
    const link = await open((_request, response) => response.end(audio));
    const fetched = await fetch(`${link}?token=secret`, { onProgress: (...each) => progress.push(each) });
    expect(fetched).toEqual({
      path: target,
      sizeBytes: audio.length,
      contentSha256: createHash('sha256').update(audio).digest('hex'),
      name: 'a.mp3',
    });
    expect(readFileSync(target).equals(audio)).toBe(true);
    expect(progress.at(-1)).toEqual([audio.length, audio.length]);
  });

  test('is requested without any identifying header', async () => {
    const link = await open((_request, response) => response.end(audio));
    await fetch(`${link}?token=secret`);
    expect(web.asked).toHaveLength(1);
    expect(web.asked[0]?.path).toBe('/a.mp3?token=secret');
    const { host, connection, ...headers } = web.asked[0]?.headers ?? {};
    expect(headers).toEqual({
      'user-agent': 'Leitmotif',
      accept: 'audio/*, */*;q=0.5',
      'accept-encoding': 'identity',
    });
  });

  test('is fetched when the server sends no size', async () => {
    const totals = new Set<number | null>();
    const link = await open((_request, response) => {
      response.write(audio.subarray(0, 1000));
      setTimeout(() => response.end(audio.subarray(1000)), 20);
    });
    const { sizeBytes } = await fetch(link, { onProgress: (_bytes, total) => totals.add(total) });
    expect(sizeBytes).toBe(audio.length);
    expect([...totals]).toEqual([null]);
  });

  test('is fetched whole when the server closes long before the file is written', async () => {
    const sizes = Array.from({ length: 24 }, (_, at) => 60_000 + 6_000 * at);
    const link = await open(({ socket, url = '' }) => {
      const bytes = audio.subarray(0, Number(url.split('?')[1]));
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${bytes.length}\r\n\r\n`);
      socket.end(bytes);
    });
    for (const size of sizes) {
      // Writing files waits for one of Node's four threads.
      const slow = Array.from({ length: 8 }, () => promisify(pbkdf2)('a', 'b', 10_000, 64, 'sha512'));
      expect(await fetch(`${link}?${size}`)).toMatchObject({ sizeBytes: size });
      rmSync(target);
      await Promise.all(slow);
    }
  });

  test('is fetched whole when the end of the connection is the end of the body', async () => {
    const link = await open((request) =>
      request.socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), audio])),
    );
    expect(await fetch(link)).toMatchObject({ sizeBytes: audio.length });
  });

  test('with an empty body gives an empty file, which the worker then refuses', async () => {
    const link = await open((_request, response) => response.end());
    expect(await fetch(link)).toMatchObject({ sizeBytes: 0 });
  });

  test('never overwrites an existing file', async () => {
    const link = await open((_request, response) => response.end(audio));
    writeFileSync(target, 'mine');
    await expect(fetch(link)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });
});

describe('a link that is not audio', () => {
  test.each([
    ['HTML', 'text/html; charset=utf-8', '<!doctype html><title>Song</title>'],
    ['HTML that calls itself audio', 'audio/mpeg', `<html>${' '.repeat(2000)}</html>`],
    ['JSON', 'application/json', '{"url": "https://example.com/a.mp3"}'],
    ['a playlist', 'audio/x-mpegurl', '#EXTM3U\na.mp3\n'],
  ])('is refused: %s', async (_what, contentType, body) => {
    const link = await open((_request, response) => response.writeHead(200, { 'content-type': contentType }).end(body));
    expect(await failureOf(fetch(link))).toMatchObject({
      code: 'link-not-audio',
      facts: { kind: 'page', host: `127.0.0.1:${web.port}`, contentType },
    });
  });

  test('is accepted when it is audio sent with a text type', async () => {
    const link = await open((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end(audio),
    );
    expect(await fetch(link)).toMatchObject({ sizeBytes: audio.length });
  });

  test('is refused also when it arrives byte by byte', async () => {
    const link = await open((_request, response) =>
      writeEndlessly(response, Buffer.from('<html> and on '.repeat(8)), 1),
    );
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-not-audio', facts: { kind: 'page' } });
  });

  test.each(['gzip', 'br', 'GZIP', 'deflate, gzip', 'zstd'])(
    'is refused without unpacking when it is compressed: %s',
    async (encoding) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      const link = await open((_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'audio/mpeg' }).end(bomb),
      );
      expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-not-audio', facts: { kind: 'encoded' } });
    },
  );
});

describe('a link that fails', () => {
  test.each([401, 403, 404, 410, 429, 500, 503, 204, 206, 304])('is reported with status %i', async (status) => {
    const link = await open((_request, response) => response.writeHead(status).end());
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-unreachable', facts: { status } });
  });

  test.each([
    ['answers 500', (response: ServerResponse) => response.writeHead(500).end()],
    ['answers 429', (response: ServerResponse) => response.writeHead(429).end()],
    ['breaks off', (response: ServerResponse) => response.destroy()],
    [
      'breaks off in the middle',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': audio.length }).write(audio.subarray(0, 1000));
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ])('is tried three times when the server %s once or twice', async (_how, fail) => {
    let failures = 3;
    const link = await open((_request, response) => (failures-- > 0 ? fail(response) : response.end(audio)));
    expect(await fetch(link)).toMatchObject({ sizeBytes: audio.length });
    rmSync(target);
    failures = 4;
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-unreachable' });
  });

  test.each([403, 404, 410, 501])('is requested once when the server answers %i', async (status) => {
    const link = await open((_request, response) => response.writeHead(status).end());
    await failureOf(fetch(link));
    expect(web.asked).toHaveLength(1);
  });

  test('is reported: closed port, unknown name, broken connection', async () => {
    const link = await open((request, response) => {
      response.writeHead(200, { 'content-length': 300_000 }).write(audio.subarray(0, 50_000));
      setTimeout(() => request.socket.destroy(), 20);
    });
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-unreachable' });
    expect(await failureOf(fetch(web.link('/a.mp3', 'unknown.example')))).toMatchObject({
      code: 'link-unreachable',
      facts: { host: `unknown.example:${web.port}` },
    });
    const { port } = web;
    await web[Symbol.asyncDispose]();
    expect(await failureOf(fetch(`http://127.0.0.1:${port}/`))).toMatchObject({ code: 'link-unreachable' });
    web = await Web.open({});
  });

  test.each([
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['another protocol than HTTP', '220 mail.example ESMTP\r\n'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['less than the announced length', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nID3\0'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['nothing', ''],
  ])('is reported when the server sends %s', async (_what, answer) => {
    const link = await open(({ socket }) => socket.end(answer));
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-unreachable' });
  });

  test('is reported by host only, never with the path', async () => {
    const link = await open((_request, response) => response.writeHead(404).end());
    const { message, facts } = await failureOf(fetch(`${link}?token=secret#also`));
    expect(message + JSON.stringify(facts)).not.toMatch(/secret|also|a\.mp3/);
  });
});

describe('a link without an end', () => {
  test('is refused before the body when the announced size is over the limit', async () => {
    const link = await open((_request, response) => response.writeHead(200, { 'content-length': 2_000_000 }).end());
    const failure = await failureOf(fetch(link));
    expect(failure).toMatchObject({ code: 'link-too-large', facts: { bytesMax: 1_000_000 } });
  });

  test('is cut at the size limit', async () => {
    let written = 0;
    const link = await open((_request, response) => {
      const more = (): void => {
        written += audio.length;
        if (response.write(audio)) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-too-large' });
    await delay(100);
    const atTheEnd = written;
    await delay(100);
    expect(written, 'nobody reads on').toBe(atTheEnd);
  });

  test('of exactly the size limit is accepted', async () => {
    const link = await open((_request, response) => response.end(audio));
    expect(await fetch(link, { limits: { bytesMax: audio.length } })).toMatchObject({ sizeBytes: audio.length });
    rmSync(target);
    const failure = await failureOf(fetch(link, { limits: { bytesMax: audio.length - 1 } }));
    expect(failure).toMatchObject({ code: 'link-too-large' });
  });

  test('is cut when it sends one byte at a time', async () => {
    const link = await open((_request, response) => writeEndlessly(response, Buffer.from([0]), 50));
    const startedAt = performance.now();
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-too-slow' });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test('is cut when it stalls after a good start', async () => {
    const link = await open((_request, response) => response.write(audio));
    expect(await failureOf(fetch(link))).toMatchObject({ code: 'link-too-slow' });
  });

  test('is cut at the deadline when the server never answers or sends its head slowly', async () => {
    const silent = await open(() => {});
    const limits = { deadlineMs: 400 };
    expect(await failureOf(fetch(silent, { limits }))).toMatchObject({
      code: 'link-too-slow',
      facts: { deadlineSec: 1, host: `127.0.0.1:${web.port}` },
    });
    await web[Symbol.asyncDispose]();
    const dripping = await open((request) => {
      request.socket.write('HTTP/1.1 200 OK\r\nx-long: ');
      const timer = setInterval(() => request.socket.write('x'), 20);
      request.socket.on('close', () => clearInterval(timer));
    });
    expect(await failureOf(fetch(dripping, { limits }))).toMatchObject({ code: 'link-too-slow' });
  });

  test('ends when the user cancels', async () => {
    const cancel = new AbortController();
    const closed = Promise.withResolvers<void>();
    const link = await open((_request, response) => {
      response.on('close', closed.resolve);
      writeEndlessly(response, audio.subarray(0, 60_000), 50);
    });
    const failing = failureOf(fetch(link, { signal: cancel.signal, limits: { bytesMax: 1e9 } }));
    await delay(200);
    cancel.abort();
    expect(await failing).toMatchObject({ code: 'cancelled' });
    await closed.promise;
  });
});

test('checks the certificate of an https link against its host name', async () => {
  web = await Web.open({});
  target = path.join(folder, `${count++}`);
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=music.example', '-addext', 'subjectAltName=DNS:music.example'];
  const files = ['-keyout', key, '-out', certificate];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await promisify(execFile)('openssl', ['req', ...kind, ...subject, ...files]);
  const pem = { key: readFileSync(key), cert: readFileSync(certificate) };
  const server = createTlsServer(pem, (_request, response) => response.end(audio)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const program = path.join(import.meta.dirname, 'programs/fetch.ts');
  const fetchAs = async (name: string, env: NodeJS.ProcessEnv) => {
    const link = `https://${name}:${port}/a.mp3`;
    return (await promisify(execFile)(process.execPath, [program, link, target], { env })).stdout;
  };
  const trusting = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
  expect(await fetchAs('music.example', process.env)).toBe('link-unreachable removed');
  expect(await fetchAs('other.example', trusting)).toBe('link-unreachable removed');
  expect(await fetchAs('music.example', trusting)).toBe('fetched');
  server.close();
});

test('reports a full disk and leaves no file', async () => {
  const link = await open((_request, response) => response.end(audio));
  const program = path.join(import.meta.dirname, 'programs/fetch.ts');
  // Files of at most 64 KiB; the recording has 300,000 bytes.
  const limited = ['-c', 'ulimit -f 64; exec "$@"', 'limited', process.execPath, program, link, target];
  expect((await promisify(execFile)('bash', limited)).stdout).toBe('disk-full removed');
  expect(readdirSync(folder)).not.toContain(path.basename(target));
});
