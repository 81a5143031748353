/** Shared parts of the set-up. Imports only modules of Node, and runs on Node 20. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const at = (...parts) => path.resolve(root, ...parts);
export const isRoot = process.getuid?.() === 0;

/** The set-up prints to stderr. stdout belongs to the program, whose output may be JSON. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** A problem that the user can fix. */
export class SetupError extends Error {}

/** @returns the result of spawnSync, with text output */
export function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
}

export function outputOf(result) {
  return `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? String(result.error) : ''}`.trim();
}

export function tail(result, lines = 15) {
  return outputOf(result).split('\n').slice(-lines).join('\n');
}

export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

export function isWritable(place) {
  try {
    accessSync(place, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns {} when the file is missing or damaged */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Prints a SetupError as its message and sets exit code 1. */
export function reportErrors(work) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`\n${error.message}`);
    process.exitCode = 1;
  }
}
