/** Which files an attachment option accepts. Discord checks only the extension, not the content.
 *  @see https://docs.discord.com/developers/reference#file-type-filtering */

/** Discord's groups, as its documentation of August 2026 lists them. They may change. */
const groups: Readonly<Record<string, readonly string[]>> = {
  audio: ['.mp3', '.m4a', '.wav', '.ogg', '.opus', '.flac'],
  image: ['.png', '.gif', '.jpg', '.jpeg', '.jfif', '.webp', '.avif'],
  video: ['.mp4', '.mov', '.qt', '.webm'],
};

/** @param fileTypes groups and extensions with their dot; none means any file */
export function takesFile(fileTypes: readonly string[], fileName: string): boolean {
  if (fileTypes.length === 0) return true;
  const name = fileName.toLowerCase();
  return fileTypes
    .flatMap((type) => groups[type] ?? [type.toLowerCase()])
    .some((extension) => name.endsWith(extension));
}
