/** Which names are taken for recordings. What they hold is found out by probing; this only spares the probing of covers,
 *  cue sheets and notes.
 *
 *  Taken: what people keep music in, and video with sound. Left out: playlists (m3u, pls, cue), which name other files;
 *  MIDI and tracker modules, which are scores and need a synthesiser; anything else, and names without an extension.
 */
const extensions = new Set([
  ...['mp3', 'mp2', 'm4a', 'm4b', 'aac', 'mp4', 'm4v', 'mov', '3gp'],
  ...['flac', 'wav', 'wave', 'w64', 'aif', 'aiff', 'aifc', 'au', 'caf'],
  ...['ogg', 'oga', 'ogv', 'opus', 'spx', 'webm', 'mka', 'mkv'],
  ...['wma', 'wmv', 'asf', 'ape', 'wv', 'mpc', 'tta', 'ac3', 'dts', 'avi', 'mpg', 'mpeg'],
]);

/** @param name the last part of a path */
export function hasAudioName(name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > 0 && extensions.has(name.slice(dot + 1).toLowerCase());
}

/** Hidden names belong to programs: `.git`, `.Trash-1000`, and the `._song.mp3` that macOS leaves beside a song. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}
