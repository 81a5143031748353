/** A message's files: players, pictures and downloads. */
import type { APIAttachment } from 'discord-api-types/v10';
import type { ReactNode } from 'react';
import { formatSize, mediaKind } from './media.ts';
import { Picture } from './picture.tsx';
import { useSteadyUrl } from './use-steady-url.ts';

export function Attachments({ attachments }: { readonly attachments: readonly APIAttachment[] }): ReactNode {
  return attachments.map((attachment) => <Attachment key={attachment.id} attachment={attachment} />);
}

export function Attachment({ attachment }: { readonly attachment: APIAttachment }): ReactNode {
  const { filename, description, url, width, height } = attachment;
  switch (mediaKind(attachment)) {
    case 'audio':
      return <AudioFile attachment={attachment} />;
    case 'picture':
      return <Picture url={url} alt={description ?? filename} width={width} height={height} />;
    case 'video':
      return <VideoFile attachment={attachment} />;
    case 'file':
      return <PlainFile attachment={attachment} />;
  }
}

function AudioFile({ attachment }: { readonly attachment: APIAttachment }): ReactNode {
  const { url, renew } = useSteadyUrl(attachment.url);
  return (
    <figure className="file audio-file">
      <FileName attachment={attachment} url={url} mark="♪" />
      {/* Music has no captions. As on Discord, the alt text is read aloud and not shown. */}
      {/* biome-ignore lint/a11y/useMediaCaption: see above */}
      <audio
        controls
        preload="metadata"
        src={url ?? undefined}
        aria-label={attachment.description ?? attachment.filename}
        onPlay={({ currentTarget }) => silenceOthers(currentTarget)}
        onError={renew}
      />
    </figure>
  );
}

function VideoFile({ attachment }: { readonly attachment: APIAttachment }): ReactNode {
  const { url, renew } = useSteadyUrl(attachment.url);
  return (
    <figure className="file video-file">
      {/* biome-ignore lint/a11y/useMediaCaption: there are none; the alt text is shown below. */}
      <video
        controls
        preload="metadata"
        src={url ?? undefined}
        aria-label={attachment.description ?? attachment.filename}
        onError={renew}
      />
      {attachment.description && <figcaption>{attachment.description}</figcaption>}
    </figure>
  );
}

function PlainFile({ attachment }: { readonly attachment: APIAttachment }): ReactNode {
  const { url } = useSteadyUrl(attachment.url);
  return (
    <figure className="file">
      <FileName attachment={attachment} url={url} mark="⤓" />
      {attachment.description && <figcaption>{attachment.description}</figcaption>}
    </figure>
  );
}

interface FileNameProps {
  readonly attachment: APIAttachment;
  readonly url: string | null;
  readonly mark: string;
}

function FileName({ attachment: { filename, size }, url, mark }: FileNameProps): ReactNode {
  return (
    <div className="file-name">
      <span className="file-mark" aria-hidden="true">
        {mark}
      </span>
      <div>
        <a href={url ?? undefined} download={filename} title={`Download ${filename}`}>
          {filename}
        </a>
        <span className="file-size">{formatSize(size)}</span>
      </div>
    </div>
  );
}

/** Pauses other players: only one clip plays at a time. */
function silenceOthers(playing: HTMLMediaElement): void {
  for (const other of document.querySelectorAll('audio, video')) {
    if (other !== playing && other instanceof HTMLMediaElement) other.pause();
  }
}
