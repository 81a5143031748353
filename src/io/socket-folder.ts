/** Folders for sockets of this machine's programs. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';

/** The kernel's limit for the path of a socket is 108 bytes on Linux and 104 on macOS, including the final zero. */
export const socketPathBytesMax = 103;

/** Makes a folder that only its owner can enter, as mkdtemp does. Synchronous, so that a process that needs it starts before its
 *  caller loads anything else.
 *  @param socketName of a socket in it, whose path is short enough
 *  @throws {LeitmotifError} 'config-invalid' */
export function makeSocketFolder(socketName: string): string {
  for (const parent of [tmpdir(), '/tmp']) {
    // mkdtemp adds six characters.
    if (Buffer.byteLength(path.join(parent, 'leitmotif-XXXXXX', socketName)) > socketPathBytesMax) continue;
    return mkdtempSync(path.join(parent, 'leitmotif-'));
  }
  throw new LeitmotifError('config-invalid', `Cannot make a socket in ${tmpdir()}: the path is too long`);
}
