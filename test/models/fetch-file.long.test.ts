/** Faults of network, server and disk during a download. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository, tiny, tokens, unpinned, weights } from './catalogue.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { generatedBytes, sendHalf, sha256Of, type Trick } from './local-hub.ts';

const file = (fixture: Fixture, name = 'tiny', ending = '') =>
  path.join(fixture.modelsDir, name, `audio_model.onnx${ending}`);
const isThere = (fixture: Fixture, name = 'tiny') => readFileSync(file(fixture, name)).equals(weights);
const ranges = ({ hub }: Fixture) => hub.asked.filter(({ at }) => at === 'storage').map(({ range }) => range);
const half = `bytes=${weights.length / 2}-`;
const never: Trick = () => false;
const halfIsHere = (fixture: Fixture, name = 'tiny') => {
  const part = file(fixture, name, '.part');
  return existsSync(part) && statSync(part).size === weights.length / 2;
};
const hash = `"${sha256Of(weights)}"`;

/** Downloads half of the file. */
async function openHalfway(name = 'tiny', etag = hash): Promise<Fixture> {
  const fixture = await openFixture();
  const stop = new AbortController();
  fixture.hub.tricks.storage = (_request, reply) => sendHalf(reply, weights, { etag }, () => false);
  const going = fixture.get(name, {}, fixture.models, stop.signal);
  await expect.poll(() => halfIsHere(fixture, name), { interval: 5, timeout: 100_000 }).toBe(true);
  stop.abort(new Error('stopped'));
  await expect(going).rejects.toThrow('stopped');
  fixture.hub.tricks.storage = never;
  return fixture;
}

describe('a broken connection', () => {
  test('is resumed at the same byte, in the same run', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.storage = (_request, reply, nth) =>
      nth === 0 && sendHalf(reply, weights, { etag: hash }, () => halfIsHere(fixture));
    await fixture.get();
    expect(isThere(fixture)).toBe(true);
    expect(ranges(fixture)).toEqual([undefined, half]);
    expect(readdirSync(path.join(fixture.modelsDir, 'tiny')).sort()).toEqual([
      'audio_model.onnx',
      'model.json',
      'source.json',
    ]);
  });

  test('that breaks again and again is given up; the partial file is kept, and the next run continues', async () => {
    const fixture = await openFixture();
    // Every answer after the first brings no new bytes.
    fixture.hub.tricks.storage = (_request, reply, nth) => {
      if (nth === 0) return sendHalf(reply, weights, { etag: '"1"' }, () => halfIsHere(fixture));
      reply.hijack();
      reply.raw.destroy();
      return true;
    };
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(/the connection to .* broke/),
    });
    expect(ranges(fixture).length).toBeGreaterThan(3);
    expect(existsSync(file(fixture))).toBe(false);
    fixture.hub.tricks = { etag: () => '"1"' };
    await fixture.get();
    expect(ranges(fixture).at(-1)).toBe(half);
    expect(isThere(fixture)).toBe(true);
  });

  test('may break more often than the retry limit, as long as each attempt makes progress', async () => {
    const fixture = await openFixture();
    const size = () => (existsSync(file(fixture, 'tiny', '.part')) ? statSync(file(fixture, 'tiny', '.part')).size : 0);
    fixture.hub.tricks.storage = (request, reply) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      reply.hijack();
      const rest = weights.subarray(from);
      const range = `bytes ${from}-${weights.length - 1}/${weights.length}`;
      const head = { etag: hash, 'content-length': String(rest.length) };
      reply.raw.writeHead(from === 0 ? 200 : 206, from === 0 ? head : { ...head, 'content-range': range });
      reply.raw.write(rest.subarray(0, 25_000));
      const timer = setInterval(() => size() > from && reply.raw.destroy(), 2);
      reply.raw.once('close', () => clearInterval(timer));
      return true;
    };
    await fixture.get();
    expect(isThere(fixture)).toBe(true);
    expect(ranges(fixture).length).toBeGreaterThan(8);
  });

  test('and a stalled one count the same, in the head and in the body', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks = {
      hub: (_request, reply, nth) => {
        if (nth === 0) reply.hijack();
        return nth === 0;
      },
      storage: (_request, reply, nth) => nth === 0 && sendHalf(reply, weights, { etag: hash }, () => false),
    };
    await fixture.get('tiny', {}, fixture.models2({ silenceMs: 300 }));
    expect(isThere(fixture)).toBe(true);
    expect(ranges(fixture)).toEqual([undefined, half]);
  });

  test('to a server that never answers is given up, naming the server', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = (_request, reply) => {
      reply.hijack();
      return true;
    };
    await expect(fixture.get('tiny', {}, fixture.models2({ silenceMs: 50 }))).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(/nothing came from 127\.0\.0\.1:\d+ for too long/),
    });
  });
});

describe('a partial download', () => {
  test('is resumed', async () => {
    const fixture = await openHalfway();
    await fixture.get();
    expect(ranges(fixture)).toEqual([undefined, half]);
    expect(isThere(fixture)).toBe(true);
  });

  test('starts over when the server does not support ranges', async () => {
    const fixture = await openHalfway();
    fixture.hub.tricks.ignoresRange = true;
    await fixture.get();
    expect(isThere(fixture)).toBe(true);
  });

  test.each([
    ['and the server heeds If-Range', false],
    ['and the server sends a range all the same', true],
  ])('is discarded when the etag has changed, %s', async (_case, ignoresIfRange) => {
    const fixture = await openHalfway('unpinned', '"before"');
    fixture.hub.tricks = { ignoresIfRange, etag: () => '"after"' };
    await fixture.get('unpinned');
    expect(isThere(fixture, 'unpinned')).toBe(true);
    expect(ranges(fixture).slice(1)).toEqual(ignoresIfRange ? [half, undefined] : [half]);
  });

  test('is discarded when the hub has another file now and the model pins no hash', async () => {
    const fixture = await openHalfway('unpinned', '"1"');
    const other = generatedBytes(weights.length, 7);
    fixture.hub.files[`${repository}/onnx/audio_model.onnx`] = { bytes: other };
    fixture.hub.tricks = { etag: () => '"1"' };
    await fixture.get('unpinned');
    expect(readFileSync(file(fixture, 'unpinned')).equals(other)).toBe(true);
  });

  test('starts over when it was damaged on the disk', async () => {
    const fixture = await openHalfway();
    writeFileSync(file(fixture, 'tiny', '.part'), generatedBytes(weights.length / 2, 3));
    await fixture.get();
    expect(ranges(fixture)).toEqual([undefined, half, undefined]);
    expect(isThere(fixture)).toBe(true);
  });

  test('starts over when the server rejects its range', async () => {
    const fixture = await openHalfway();
    fixture.hub.tricks.storage = (request, reply) => {
      if (request.headers.range === undefined) return false;
      reply.code(416).header('content-range', 'bytes */10').send();
      return true;
    };
    await fixture.get();
    expect(isThere(fixture)).toBe(true);
  });

  test('needs no request when it is complete, as after a kill before the rename', async () => {
    const fixture = await openHalfway();
    writeFileSync(file(fixture, 'tiny', '.part'), weights);
    const asked = fixture.hub.asked.length;
    await fixture.get();
    expect(fixture.hub.asked).toHaveLength(asked);
    expect(isThere(fixture)).toBe(true);
  });

  test('is ignored when its record is torn', async () => {
    const fixture = await openHalfway();
    writeFileSync(file(fixture, 'tiny', '.part.json'), '{"etag": "tor');
    await fixture.get();
    expect(ranges(fixture)).toEqual([undefined, undefined]);
    expect(isThere(fixture)).toBe(true);
  });
});

describe('a wrong file', () => {
  const other = generatedBytes(weights.length, 5);
  const serve = (fixture: Fixture, bytes: Buffer) => {
    fixture.hub.files[`${repository}/onnx/audio_model.onnx`] = { bytes };
  };
  const isClean = (fixture: Fixture, name = 'tiny') =>
    readdirSync(path.join(fixture.modelsDir, name)).every((entry) => !entry.startsWith('audio_model'));

  test('is deleted, and both hashes are reported', async () => {
    const fixture = await openFixture();
    serve(fixture, other);
    fixture.hub.tricks.isMute = true;
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-corrupt',
      message: expect.stringMatching(new RegExp(`${sha256Of(weights)} \\(pinned\\), got ${sha256Of(other)}.*deleted`)),
    });
    expect(isClean(fixture)).toBe(true);
    expect(ranges(fixture)).toHaveLength(1);
  });

  test("is not downloaded when the hub's own hash differs", async () => {
    const fixture = await openFixture();
    serve(fixture, other);
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-corrupt',
      message: expect.stringContaining(`the hub offers ${sha256Of(other)}`),
    });
    expect(isClean(fixture)).toBe(true);
  });

  test("is detected by the hub's hash when none is pinned", async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.storage = (_request, reply) => {
      reply.header('etag', '"1"').send(other);
      return true;
    };
    await expect(fixture.get('unpinned')).rejects.toMatchObject({
      code: 'download-corrupt',
      message: expect.stringContaining('named by the hub'),
    });
    expect(isClean(fixture, 'unpinned')).toBe(true);
  });

  test("is detected by git's hash when it is stored in git", async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = (request, reply) => {
      if (!request.url.endsWith('tokenizer.json')) return false;
      reply.header('etag', '"0123456789012345678901234567890123456789"').send(tokens);
      return true;
    };
    await expect(fixture.get('tiny', { text: true })).rejects.toMatchObject({ code: 'download-corrupt' });
  });

  test.each([
    ['shorter', weights.subarray(0, 1000)],
    ['longer', Buffer.concat([weights, weights])],
  ])('is refused before the body when it is %s', async (_case, bytes) => {
    const fixture = await openFixture();
    serve(fixture, bytes);
    fixture.hub.tricks.isMute = true;
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-corrupt',
      message: expect.stringMatching(/expected 300000 bytes, got \d+/),
    });
    expect(isClean(fixture)).toBe(true);
  });

  test.each([tiny.name, unpinned.name])(
    'without a declared length is cut off at the size allowed for %s',
    async (name) => {
      const fixture = await openFixture();
      fixture.hub.tricks = {
        isMute: true,
        storage: (_request, reply) => {
          reply.hijack();
          reply.raw.writeHead(200);
          const more = (): void => void reply.raw.write(weights, (error) => (error ? undefined : more()));
          more();
          return true;
        },
      };
      await expect(fixture.get(name)).rejects.toMatchObject({ code: 'download-corrupt' });
      expect(isClean(fixture, name)).toBe(true);
    },
  );
});

describe('the token', () => {
  test('is sent to the hub and not to another origin after a redirect', async () => {
    const fixture = await openFixture();
    await fixture.get('tiny', { text: true });
    const tokensOf = (part: string) =>
      fixture.hub.asked.filter(({ at }) => at === part).map(({ authorization }) => authorization);
    expect(tokensOf('hub')).toEqual(['Bearer hf_secret', 'Bearer hf_secret', 'Bearer hf_secret']);
    expect(tokensOf('storage')).toEqual([undefined, undefined]);
  });

  test('is sent along a redirect within the hub, as for a renamed repository', async () => {
    const fixture = await openFixture();
    fixture.hub.files['somebody/renamed/onnx/audio_model.onnx'] = { bytes: weights };
    fixture.hub.tricks.hub = (request, reply) => {
      if (!request.url.includes('/tiny/')) return false;
      reply.code(307).header('location', '/somebody/renamed/resolve/main/onnx/audio_model.onnx').send();
      return true;
    };
    await fixture.get();
    expect(fixture.hub.asked.map(({ at, authorization }) => [at, authorization !== undefined])).toEqual([
      ['hub', true],
      ['hub', true],
      ['storage', false],
    ]);
  });

  test('is not sent again after a redirect from another origin back to the hub', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.storage = (_request, reply, nth) => {
      if (nth > 0) return false;
      reply
        .code(302)
        .header('location', `${fixture.hub.endpoint}/somebody/tiny/resolve/main/onnx/audio_model.onnx`)
        .send();
      return true;
    };
    await fixture.get();
    expect(fixture.hub.asked.map(({ authorization }) => authorization !== undefined)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a redirect', () => {
  test.each([
    ['to plain HTTP', 'http://models.example/x'],
    ['to a file', 'file:///etc/passwd'],
    ['to an invalid address', 'http://'],
  ])('%s is not followed', async (_case, location) => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = (_request, reply) => {
      reply.code(302).header('location', location).send();
      return true;
    };
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-refused',
      message: expect.stringContaining('not https'),
    });
  });

  test('in a circle is followed a limited number of times', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = (request, reply) => {
      reply.code(302).header('location', request.url).send();
      return true;
    };
    await expect(fixture.get()).rejects.toMatchObject({ message: expect.stringContaining('more than 5 redirects') });
    expect(fixture.hub.asked).toHaveLength(6);
  });
});

describe('a status', () => {
  const answer =
    (status: number, times = Number.POSITIVE_INFINITY, headers: Record<string, string> = {}): Trick =>
    (_request, reply, nth) => {
      if (nth < times) reply.code(status).headers(headers).send('no');
      return nth < times;
    };

  test.each([
    [401, /HF_TOKEN/],
    [403, /accept the model's terms.*HF_TOKEN/],
    [404, /does not have it.*HF_TOKEN/],
    [410, /got status 410/],
  ])('%i is reported in words and not retried', async (status, words) => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = answer(status);
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'download-refused',
      message: expect.stringMatching(words),
    });
    expect(fixture.hub.asked).toHaveLength(1);
  });

  test.each([500, 502, 503, 504, 429, 408])('%i is retried', async (status) => {
    const fixture = await openFixture();
    fixture.hub.tricks.hub = answer(status, 2);
    await fixture.get();
    expect(isThere(fixture)).toBe(true);
  });

  test('with Retry-After is waited for, until the user cancels', async () => {
    const fixture = await openFixture();
    const stop = new AbortController();
    fixture.hub.tricks.hub = answer(429, 1, { 'retry-after': '3600' });
    const going = fixture.get('tiny', {}, fixture.models, stop.signal);
    await expect.poll(() => fixture.hub.asked.length, { interval: 5 }).toBe(1);
    stop.abort(new Error('stopped'));
    await expect(going).rejects.toThrow('stopped');
  });

  test('of the storage is reported without the signature of its address', async () => {
    const fixture = await openFixture();
    fixture.hub.tricks.storage = answer(403);
    const message = await fixture.get().catch((error: Error) => error.message);
    expect(message).toContain(fixture.hub.storageOrigin);
    expect(message).not.toContain('signature');
  });
});

describe('an endpoint', () => {
  test.each(['http://models.example', 'https://user:word@hub.example', 'https://hub.example/?token=1'])(
    '%s is refused before any request',
    async (endpoint) => {
      const fixture = await openFixture({ endpoint });
      await expect(fixture.get()).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining('HF_ENDPOINT'),
      });
    },
  );

  test('may have a path, as mirrors do', async () => {
    const fixture = await openFixture();
    const models = fixture.models2({
      hub: { endpoint: `${fixture.hub.endpoint}/mirror/hf/`, token: null, offline: false, cacheDir: fixture.cacheDir },
    });
    await expect(fixture.get('tiny', {}, models)).rejects.toMatchObject({
      message: expect.stringContaining('/mirror/hf/somebody/tiny/resolve/main/onnx/audio_model.onnx'),
    });
  });
});
