/** The files and folders in INDEX_DIR. */
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { spaceFolder } from '../index/generation-folder.ts';
import { makePrivateFolder, makePrivateSync } from '../io/private-files.ts';

export interface IndexPaths {
  readonly catalog: string;
  readonly lock: string;
  /** Held by the program that runs reindex jobs. */
  readonly jobsLock: string;
  /** Clips and extracts of stored answers. */
  readonly answers: string;
  /** Recordings fetched from remote libraries, deleted after use. */
  readonly fetched: string;
  /** Clips that are being cut for the clip store. */
  readonly clips: string;
  /** Backups that are being written or restored. */
  readonly backupWork: string;
  /** Backups, where BACKUPS names no other place. */
  readonly backups: string;
}

export function indexPathsOf({ indexDir }: Pick<Config, 'indexDir'>): IndexPaths {
  return {
    catalog: path.join(indexDir, 'catalog.sqlite'),
    lock: path.join(indexDir, 'index.lock'),
    jobsLock: path.join(indexDir, 'jobs.lock'),
    answers: path.join(indexDir, 'answers'),
    fetched: path.join(indexDir, 'spool', 'fetched'),
    clips: path.join(indexDir, 'spool', 'clips'),
    backupWork: path.join(indexDir, 'spool', 'backups'),
    backups: path.join(indexDir, 'backups'),
  };
}

/** The map of a space, beside its generations. */
export function mapFolder({ indexDir }: Pick<Config, 'indexDir'>, spaceId: string): string {
  return path.join(indexDir, 'maps', path.basename(spaceFolder(indexDir, spaceId)));
}

/** Makes INDEX_DIR and restricts access to its folders of people's data, which earlier versions made readable for all. */
export async function makeIndexDir({ indexDir }: Pick<Config, 'indexDir'>): Promise<void> {
  await makePrivateFolder(indexDir);
  for (const name of ['answers', 'spool', 'backups']) makePrivateSync(path.join(indexDir, name));
}
