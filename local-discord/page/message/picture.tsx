/** A picture with its alt text. A press enlarges it. */
import { type ReactNode, useRef } from 'react';
import { useSteadyUrl } from './use-steady-url.ts';

interface PictureProps {
  readonly url: string;
  readonly alt: string;
  readonly width?: number | null | undefined;
  readonly height?: number | null | undefined;
}

export function Picture({ url: latest, alt, width, height }: PictureProps): ReactNode {
  const { url, renew } = useSteadyUrl(latest);
  const large = useRef<HTMLDialogElement>(null);
  if (url === null) return <p className="not-loaded">A picture on another machine, not loaded: {alt}</p>;
  const size = width && height ? { width, height } : {};
  return (
    <>
      <button type="button" className="picture" onClick={() => large.current?.showModal()}>
        <img src={url} alt={alt} {...size} onError={renew} />
      </button>
      <dialog ref={large} className="lightbox" aria-label={alt} closedby="any">
        <button
          type="button"
          className="lightbox-close"
          onClick={() => large.current?.close()}
          aria-label="Close the picture"
        >
          <img src={url} alt={alt} />
        </button>
      </dialog>
    </>
  );
}
