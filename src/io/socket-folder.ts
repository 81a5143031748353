/** Folders for sockets of this machine's programs. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';

/** The kernel's limit for the path of a socket is 108 bytes on Linux and 104 on macOS, including the final zero. */
export const socketPathBytesMax = 103;

/** A new folder that only its owner can enter, as mkdtemp makes it.
 *  @param socketName of a socket in it, whose path is short enough
 *  @throws {LeitmotifError} 'config-invalid' */
export async function makeSocketFolder(socketName: string): Promise<string> {
  for (const parent of [tmpdir(), '/tmp']) {
    // mkdtemp adds six characters.
    if (Buffer.byteLength(path.join(parent, 'leitmotif-XXXXXX', socketName)) > socketPathBytesMax) continue;
    return mkdtemp(path.join(parent, 'leitmotif-'));
  }
  throw new LeitmotifError('config-invalid', `Cannot make a socket in ${tmpdir()}: the path is too long`);
}
