/** A server in a separate process, so that its work does not count as the reader's. argv[2]: `pieces`, a body in chunks of argv[3] bytes,
 *  as fast as they are read; or `heads`, an endless number of 100 Continue. Prints its port. */
import { createServer } from 'node:net';

const [kind = 'pieces', size = '1'] = process.argv.slice(2);
const piece = `${Number(size).toString(16)}\r\n${'\x01\xff'.repeat(Number(size)).slice(0, Number(size))}\r\n`;
const unit = kind === 'heads' ? 'HTTP/1.1 100 Continue\r\n\r\n' : piece;
const block = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)), 'latin1');
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    if (kind !== 'heads') socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    const write = (): void => {
      while (!socket.destroyed && socket.write(block)) {}
    };
    socket.on('drain', write);
    write();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
process.on('disconnect', () => process.exit());
