/** Decides by name which files are recordings. Probing decides finally; this check avoids probing covers, cue sheets and
 *  notes.
 *
 *  Accepted: the extensions of audio-formats.ts. For a name without an extension, a folder library checks the first bytes
 *  (audio-head.ts).
 */
import { audioExtensions } from '../audio-formats.ts';

/** @param name the last part of a path */
export function hasAudioName(name: string): boolean {
  const extension = extensionOf(name);
  return extension !== null && audioExtensions.has(extension);
}

/** @returns lower-case, without its dot; null for a name that has none */
export function extensionOf(name: string): string | null {
  const dot = name.lastIndexOf('.');
  // Text after a dot in a sentence is not an extension.
  return dot > 0 && /^[^\s.]{1,12}$/.test(name.slice(dot + 1)) ? name.slice(dot + 1).toLowerCase() : null;
}

/** Hidden names belong to programs: `.git`, `.Trash-1000`, and the `._song.mp3` that macOS writes next to a song. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}
