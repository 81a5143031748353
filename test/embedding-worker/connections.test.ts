import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from './processes.ts';
import { runWorker } from './running-worker.ts';

test('refuses idle connections beyond the limit, and answers those within it', async () => {
  const worker = await runWorker({ concurrencyMax: 1, queueMax: 1 });
  const { hostname, port } = new URL(worker.url);
  const sockets: Socket[] = [];
  let closed = 0;
  try {
    for (let i = 0; i < 400; i++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.on('close', () => closed++);
      sockets.push(socket);
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    }
    await eventually(() => closed >= 100);
    for (const socket of sockets.splice(0)) socket.destroy();
    await eventually(() => closed === 400);
    await eventually(async () => (await worker.fetch('/healthz').catch(() => null))?.status === 200);
    expect(closed).toBe(400);
  } finally {
    await worker.close();
  }
});
