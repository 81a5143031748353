/** Writes a generation into the given folder and prints the result; or kills itself a number of milliseconds after a given
 *  row. */
import { LeitmotifError } from '../../../src/errors.ts';
import { writeGeneration } from '../../../src/index/generation-writer.ts';
import type { IndexedRow } from '../../../src/index/row-writer.ts';
import { generationInput, indexedRows } from '../generations.ts';

const [indexDir = '', rowCount = '0', seed = '0', killAtRow, killAfterMs] = process.argv.slice(2);
const rows = indexedRows(Number(rowCount), Number(seed));

function* killedOnTheWay(): Generator<IndexedRow> {
  for (const [row, indexed] of rows.entries()) {
    if (killAtRow !== undefined && row === Number(killAtRow)) {
      const kill = () => process.kill(process.pid, 'SIGKILL');
      if (killAfterMs === '0') kill();
      else setTimeout(kill, Number(killAfterMs));
    }
    yield indexed;
  }
}

try {
  const { id } = await writeGeneration({ ...generationInput(indexDir, rows), rows: killedOnTheWay() });
  process.stdout.write(id);
} catch (error) {
  process.stdout.write(error instanceof LeitmotifError ? error.code : String(error));
}
