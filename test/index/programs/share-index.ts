/** Shares index processes at a socket in argv FOLDER until it is killed. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { shareShards } from '../shard-server.ts';

const folder = process.argv[2] ?? '';
rmSync(path.join(folder, 'shards.sock'), { force: true });
const { socketPath } = await shareShards(folder);
process.stdout.write(`${socketPath}\n`);
