/** Takes files from the cache of the hub's own tools instead of downloading them.
 *
 *    <cache>/models--owner--name/refs/main                        the commit of a branch
 *    <cache>/models--owner--name/snapshots/<commit>/<path>        a link to
 *    <cache>/models--owner--name/blobs/<sha256, or git's hash>
 *
 *  @see https://huggingface.co/docs/huggingface_hub/guides/manage-cache */
import { constants, copyFile, link, readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { withDiskFullError } from '../../io/disk-full.ts';
import { hashFile, syncFile, writeAtomically } from '../../io/durable-file.ts';
import type { TakenFile, WantedFile } from './fetch-file.ts';
import { gitBlobOf } from './git-blob.ts';
import { isCommit, isGitBlob, isSha256 } from './hub.ts';

export interface CachedPlace {
  readonly cacheDir: string;
  readonly repository: string;
  readonly revision: string;
  /** Path inside the repository. */
  readonly path: string;
}

/** @returns null when the cache does not have it, or has another file
 *  @throws {LeitmotifError} disk-full */
export async function takeFromCache(place: CachedPlace, wanted: WantedFile): Promise<TakenFile | null> {
  const found = await find(place);
  if (found === null) return null;
  const write = async (partial: string): Promise<TakenFile | null> => {
    await rm(partial, { force: true });
    await linkOrCopy(found.file, partial);
    const record = await hashFile(partial);
    const voucher = await trustSourceOf(partial, record.sha256, path.basename(found.file), wanted);
    if (voucher === 'nobody' || (wanted.bytes !== null && record.bytes !== wanted.bytes)) return null;
    await syncFile(partial);
    return { ...record, voucher, commit: found.commit };
  };
  return writeAtomically(wanted.file, write, { partial: `${wanted.file}.partial`, isDurable: true });
}

async function find({ cacheDir, repository, revision, path: inside }: CachedPlace) {
  const folder = path.join(cacheDir, `models--${repository.replaceAll('/', '--')}`);
  try {
    const commit = isCommit(revision) ? revision : (await readFile(path.join(folder, 'refs', revision), 'utf8')).trim();
    if (!isCommit(commit)) return null;
    // The target of the link: a hard link to a relative link would be broken in another folder.
    const file = await realpath(path.join(folder, 'snapshots', commit, inside));
    return (await stat(file)).isFile() ? { file, commit } : null;
  } catch {
    return null;
  }
}

/** A hard link takes no disk space, and the cache never changes its files. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // Another file system, or a file of another user.
    await withDiskFullError(to, () => copyFile(from, to, constants.COPYFILE_FICLONE));
  }
}

/** Without a pin, the blob's name must be its content's. */
async function trustSourceOf(
  file: string,
  sha256: string,
  blobName: string,
  wanted: WantedFile,
): Promise<'pin' | 'hub' | 'nobody'> {
  if (wanted.sha256 !== null) return sha256 === wanted.sha256 ? 'pin' : 'nobody';
  if (isSha256(blobName)) return sha256 === blobName ? 'hub' : 'nobody';
  return isGitBlob(blobName) && (await gitBlobOf(file)) === blobName ? 'hub' : 'nobody';
}
