/** Holds an index lock until it is killed: argv PATH. */
import { IndexLock } from '../../src/indexing/lock.ts';

const lock = new IndexLock(process.argv[2] ?? '');
process.stdout.write('held\n');
setInterval(() => lock, 60_000);
