/** Updates the index of a small library, and kills itself before the given operation on files, counted from 0. Prints the
 *  number of operations if it gets to the end. */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [indexDir = '', tracks = '0', killAt = '-1'] = process.argv.slice(2);
let operations = 0;

/** Counts the calls that change something on the disk. */
function counted<Call extends (...args: never[]) => unknown>(call: Call): Call {
  return function (this: unknown, ...args: never[]) {
    if (operations === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    operations += 1;
    return call.apply(this, args);
  } as Call;
}

for (const name of ['open', 'mkdir', 'rename', 'rm', 'link', 'copyFile'] as const) {
  Object.assign(fs, { [name]: counted(fs[name] as (...args: never[]) => unknown) });
}
const handle = await fs.open(process.execPath);
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['write', 'sync'] as const) prototype[name] = counted(prototype[name]);
syncBuiltinESMExports();
operations = 0;

const { libraryOf, update } = await import('../deltas.ts');
await update(indexDir, libraryOf(Number(tracks)));
process.stdout.write(String(operations));
