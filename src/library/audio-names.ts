/** Which names are taken for recordings. What they hold is found out by probing; this only spares the probing of covers,
 *  cue sheets and notes.
 *
 *  Taken: the extensions of audio-formats.ts. A name without an extension says nothing: a folder looks at how such a file
 *  begins (audio-head.ts).
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
  // What follows a dot in a sentence is none.
  return dot > 0 && /^[^\s.]{1,12}$/.test(name.slice(dot + 1)) ? name.slice(dot + 1).toLowerCase() : null;
}

/** Hidden names belong to programs: `.git`, `.Trash-1000`, and the `._song.mp3` that macOS leaves beside a song. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}
