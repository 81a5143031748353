/** Opens an index, prints the ids of its processes, and runs until it is killed. */
import { FaissIndex, type FaissIndexOptions } from '../../../src/index/faiss-index.ts';

const index = await FaissIndex.open(JSON.parse(process.argv[2] ?? '{}') as FaissIndexOptions);
process.stdout.write(`${JSON.stringify(await index.pids())}\n`);
