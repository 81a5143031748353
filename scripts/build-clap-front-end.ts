/** Builds clap.onnx, the front-end of CLAP. It contains no weights, and the output is always the same.
 *
 *      node scripts/build-clap-front-end.ts
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeClapFrontEnd } from './clap-front-end/graph.ts';

export const clapFrontEndPath = path.join(import.meta.dirname, '../embedding-worker/front-ends/clap.onnx');

async function main(): Promise<void> {
  const graph = writeClapFrontEnd();
  await writeFile(clapFrontEndPath, graph);
  process.stdout.write(`${path.basename(clapFrontEndPath)}: ${graph.byteLength} bytes\n`);
}

if (import.meta.main) await main();
