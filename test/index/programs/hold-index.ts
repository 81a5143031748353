/** Opens an index, says which processes hold it, and stays until it is killed. */
import { FaissIndex, type FaissIndexOptions } from '../../../src/index/faiss-index.ts';

const index = await FaissIndex.open(JSON.parse(process.argv[2] ?? '{}') as FaissIndexOptions);
process.stdout.write(`${JSON.stringify(await index.pids())}\n`);
