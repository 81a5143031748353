/** How a file can be shown or played. Pure. */
import type { APIAttachment } from 'discord-api-types/v10';

export type MediaKind = 'audio' | 'picture' | 'video' | 'file';

const audioNames = /\.(mp3|ogg|oga|opus|m4a|wav|flac|aac)$/i;
const pictureNames = /\.(png|jpe?g|gif|webp|avif|svg)$/i;

/** An audio extension has priority over the type: m4a is detected as video/mp4, Ogg as application/ogg. */
export function mediaKind({
  filename,
  content_type = '',
}: Pick<APIAttachment, 'filename' | 'content_type'>): MediaKind {
  if (audioNames.test(filename) || content_type.startsWith('audio/')) return 'audio';
  if (content_type.startsWith('image/') || pictureNames.test(filename)) return 'picture';
  return content_type.startsWith('video/') ? 'video' : 'file';
}

export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(2)} MB`;
}
