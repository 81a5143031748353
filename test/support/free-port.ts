import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that Linux, macOS and Windows give to outgoing connections and to servers that ask for any port. A program may take
 *  half a minute to listen on its port; one that the system gives away could meanwhile go to another program, whose answers
 *  would be taken for those of the first. */
const [first, last] = [20_000, 32_000];
const given = new Set<number>();

/** A port of the loopback address without a listener; never the same one twice in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
