/** The folder of the sample library that set-up installs: music of the wesnoth package, with its version in the path. */
import { globSync } from 'node:fs';

/** @returns the newest version's folder; undefined where the package is not installed */
export function findSampleLibrary(): string | undefined {
  return globSync('/usr/share/games/wesnoth/*/data/core/music').sort().at(-1);
}
