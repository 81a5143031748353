/** Caches results on disk by the hash of their inputs, so that reruns compute only what changed. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type ByteCache = (kind: string, identity: unknown, make: () => Promise<Uint8Array>) => Promise<Uint8Array>;

/** @param folder may be deleted at any time */
export function byteCache(folder: string): ByteCache {
  return async (kind, identity, make) => {
    const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
    const file = join(folder, kind, name.slice(0, 2), `${name}.bin`);
    const found = await readFile(file).catch(() => null);
    if (found) return found;
    const made = await make();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}.part`, made);
    await rename(`${file}.${process.pid}.part`, file);
    return made;
  };
}

/** Copies the bytes to a buffer of their own, so that they are aligned. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
