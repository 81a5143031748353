/** The models installed on this machine. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { exists } from '../index/generation-folder.ts';
import { type Model, modelManifestName, readModel } from './manifest.ts';

export interface InstalledModel {
  readonly name: string;
  readonly folder: string;
  /** Shipped with the program; can be neither downloaded nor removed. */
  readonly isShipped: boolean;
  /** The error says why its manifest cannot be used. */
  readonly model: Model | LeitmotifError;
}

/** Sorted by name; empty if the folder does not exist. */
export async function installedModels(dir: string, isShipped: boolean): Promise<InstalledModel[]> {
  const names = await readdir(dir).catch(() => [] as string[]);
  const found = await Promise.all(names.sort().map((name) => installedModel(dir, name, isShipped)));
  return found.filter((model) => model !== null);
}

/** @returns null if there is no manifest: no model, or an unfinished download */
export async function installedModel(dir: string, name: string, isShipped: boolean): Promise<InstalledModel | null> {
  const folder = path.join(dir, name);
  const manifest = path.join(folder, modelManifestName);
  if (!(await exists(manifest))) return null;
  const model = await readModel(manifest).catch((error: unknown) => {
    if (error instanceof LeitmotifError) return error;
    throw error;
  });
  return { name, folder, isShipped, model };
}
