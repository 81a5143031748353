/** Runs in the server's network: connections to a socket in the file system lead to a port there. */
import { connect, createServer } from 'node:net';

const [, , socket, port] = process.argv;
createServer((outside) => {
  const inside = connect(Number(port), '127.0.0.1');
  outside.pipe(inside).pipe(outside);
  outside.on('error', () => inside.destroy());
  inside.on('error', () => outside.destroy());
}).listen(socket);
