/** Where models are: those that ship with the program, then the downloaded ones. */
import path from 'node:path';
import type { Config } from '../config/config.ts';

export function modelsDirsOf({ modelsDir }: Pick<Config, 'modelsDir'>, root: string): string[] {
  return [shippedModelsDir(root), modelsDir];
}

export function shippedModelsDir(root: string): string {
  return path.join(root, 'embedding-worker', 'models');
}
