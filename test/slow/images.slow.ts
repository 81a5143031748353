/** The images, built by Docker and run as compose.yaml says: volumes, a read-only root, health checks, an index run, queries by command
 *  line, web API behind a proxy, and bot. Skipped where there is no Docker. */
import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, FormData, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lackingDocker, Stack } from './images/stack.ts';

const missing = await lackingDocker();
if (missing !== null) process.stderr.write(`The images are not built: ${missing}\n`);
const buildMaxMs = 30 * 60_000;

describe.skipIf(missing !== null)('the images', { timeout: 300_000 }, () => {
  let stack: Stack;
  /** An API key. */
  let key = '';
  /** Of the proxy, on this machine. */
  let proxyPort = 0;
  beforeAll(async () => {
    stack = await Stack.make();
    stack.writeProxy();
    const beganMs = performance.now();
    await stack.compose('--profile', 'tools', 'build');
    const sizes = await Promise.all(
      ['bot', 'web', 'worker'].map(async (name) => `${name} ${await stack.sizeMb(name)} MB`),
    );
    process.stdout.write(`Built in ${Math.round((performance.now() - beganMs) / 1_000)} s: ${sizes.join(', ')}\n`);
  }, buildMaxMs);
  afterAll(() => stack?.[Symbol.asyncDispose](), 120_000);

  test('Compose reads compose.yaml with every profile, and asks for a token', async () => {
    expect(await stack.plain('--profile', '*', 'config', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    const refused = await stack.plain('--env-file', '/dev/null', 'config', '--quiet');
    expect(refused).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining('set it in .env') });
    expect(refused.code).not.toBe(0);
  });

  test('the first command creates the volumes, which belong to the user of the images', async () => {
    expect(await stack.plain('run', '--rm', '-T', 'models', 'list')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('builtin'),
    });
    const owners = ['run', '--rm', '-T', '--no-deps', 'bot', 'stat', '-c', '%n %u:%g %a'];
    const { stdout } = await stack.plain(...owners, '/data/index', '/models', '/tmp');
    expect(stdout.trim().split('\n')).toEqual(['/data/index 1000:1000 755', '/models 1000:1000 755', '/tmp 0:0 1777']);
  });

  test('only /tmp and the index can be written', async () => {
    const script =
      'id -u; for f in /app /etc /models /music /tmp /data/index; do touch $f/x 2>/dev/null && echo $f; done; true';
    const { stdout } = await stack.plain('run', '--rm', '-T', '--no-deps', 'bot', 'sh', '-c', script);
    expect(stdout.trim().split('\n')).toEqual(['1000', '/tmp', '/data/index']);
  });

  test('a bot without a token says so and ends with 78', async () => {
    expect(await stack.plain('run', '--rm', '-T', '--no-deps', '--env', 'DISCORD_TOKEN=', 'bot')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('DISCORD_TOKEN is not set'),
    });
  });

  test('the command of docs/deploy.md makes a key, and all containers become healthy', async () => {
    const made = await stack.plain(
      'run',
      '--rm',
      '-T',
      '--no-deps',
      'web',
      'node',
      'src/web.ts',
      'keys',
      'add',
      'me',
      '--scope',
      'admin',
    );
    expect(made.code).toBe(0);
    key = made.stdout.trim();
    await stack.compose('up', '--detach', '--wait', '--wait-timeout', '240');
    proxyPort = Number((await stack.compose('port', 'proxy', '443')).trim().split(':').at(-1));
    expect(proxyPort).toBeGreaterThan(0);
  });

  test('the worker has no way out', async () => {
    const ask = (host: string) =>
      `require('dns').lookup('${host}', (error) => console.log(error ? error.code : 'known'))`;
    expect(await stack.exec('worker', 'node', '-e', ask('web'))).toBe('known\n');
    const out =
      "fetch('http://203.0.113.1', {signal: AbortSignal.timeout(3000)}).catch(({cause}) => console.log(cause.code))";
    expect(await stack.exec('worker', 'node', '-e', out)).toBe('ENETUNREACH\n');
  });

  test('a library is indexed, and the command line finds a piece of it', async () => {
    expect(await stack.exec('bot', 'node', 'src/cli.ts', 'index', '/music')).toContain('4 ');
    const answer = JSON.parse(await stack.exec('bot', 'node', 'src/cli.ts', 'similar', '/music/piece-2.ogg', '--json'));
    expect(answer.verdict).toMatchObject({ kind: 'this-is' });
  });

  test("a program without Milvus's client says how an image gets it", async () => {
    const milvus = 'VECTOR_INDEX=milvus://milvus:19530/leitmotif';
    const status = await stack.exec('--env', milvus, 'bot', 'node', 'src/cli.ts', 'library', 'status');
    expect(status).toContain('built with MILVUS_CLIENT=true');
  });

  test('the bot answers in the local Discord', async () => {
    await stack.compose('kill', '--signal', 'SIGUSR2', 'discord');
    let log = '';
    for (; !log.includes('{"content"'); await delay(500))
      log = await stack.compose('logs', '--no-log-prefix', 'discord');
    const { content, violations } = JSON.parse(log.slice(log.indexOf('{"content"')).split('\n')[0] ?? '');
    expect(content).toContain('piece-2');
    expect(violations).toEqual([]);
  });

  test('page, upload and events come through the proxy', async () => {
    const connect = { rejectUnauthorized: false, lookup: toThisMachine };
    const dispatcher = new Agent({ connect });
    const call = (place: string, init: object = {}) =>
      fetch(`https://music.example.org:${proxyPort}${place}`, {
        dispatcher,
        headers: { authorization: `Bearer ${key}` },
        ...init,
      });
    const page = await call('/');
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="page">')]);
    const body = new FormData();
    body.set('audio', new Blob([readFileSync(stack.piece(3))]), 'piece-3.ogg');
    const posted = await call('/api/v1/queries', { method: 'POST', body });
    expect(posted.status).toBe(202);
    const { self } = (await posted.json()) as { self: string };
    const times: number[] = [];
    const events = await call(`${self}/events`);
    for await (const _ of events.body ?? []) times.push(performance.now());
    // A proxy that buffers gives all events at once, at the end.
    expect(times.length).toBeGreaterThan(1);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(100);
    const { answer } = (await (await call(self)).json()) as { answer: { verdict: { kind: string } } };
    expect(answer.verdict.kind).toBe('this-is');
    await dispatcher.destroy();
  });

  test('health checks fail when the server does not answer', async () => {
    const services = ['bot', 'web', 'worker'];
    const healths = () => Promise.all(services.map((service) => stack.health(service)));
    expect(await healths()).toEqual(services.map(() => 'healthy'));
    // The programs stand still; their containers run.
    for (const service of services) await stack.exec(service, 'sh', '-c', 'kill -STOP $(cat /proc/1/task/1/children)');
    await expect.poll(healths, { timeout: 120_000, interval: 2_000 }).toEqual(services.map(() => 'unhealthy'));
  });
});

/** In place of the domain name system, in which the proxy has no name. */
const toThisMachine: LookupFunction = (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]);
