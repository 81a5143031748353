/** Opens an index at another program's socket (argv SOCKET OPTIONS), prints the ids of its processes, and holds it until it is killed. */
import { FaissIndex, type FaissIndexOptions } from '../../../src/index/faiss-index.ts';
import { SharedShard } from '../../../src/index/shared-shard.ts';
import { SocketClient } from '../../../src/io/socket-client.ts';

const client = new SocketClient(process.argv[2] ?? null);
const options = JSON.parse(process.argv[3] ?? '{}') as FaissIndexOptions;
const index = await FaissIndex.open({ ...options, openShard: (shard) => SharedShard.open(client, shard) });
process.stdout.write(`${JSON.stringify(await index.pids())}\n`);
