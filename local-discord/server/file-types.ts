/** Which files an attachment option takes. Discord looks at the extension alone: a lying one gets through.
 *  @see https://discord.com/developers/docs/reference#file-type-filtering */

/** Discord publishes no list of its groups; these are the usual extensions of each. */
const groups: Readonly<Record<string, readonly string[]>> = {
  audio: [
    '.aac',
    '.aif',
    '.aiff',
    '.amr',
    '.flac',
    '.m4a',
    '.mid',
    '.mka',
    '.mp3',
    '.oga',
    '.ogg',
    '.opus',
    '.wav',
    '.weba',
    '.wma',
  ],
  image: ['.avif', '.bmp', '.gif', '.heic', '.heif', '.jpeg', '.jpg', '.png', '.svg', '.tif', '.tiff', '.webp'],
  video: ['.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm', '.wmv'],
};

/** @param fileTypes groups and extensions with their dot; none means any file */
export function takesFile(fileTypes: readonly string[], fileName: string): boolean {
  if (fileTypes.length === 0) return true;
  const name = fileName.toLowerCase();
  return fileTypes
    .flatMap((type) => groups[type] ?? [type.toLowerCase()])
    .some((extension) => name.endsWith(extension));
}
