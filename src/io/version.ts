/** This program's version. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** @param root the project's folder */
export function versionOf(root: string): string {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
}
