/** An embed: Skyra's frame with our own title, pictures and Markdown. Skyra would fetch emojis of titles from Discord's CDN,
 *  limits pictures to 300 px and gives them no alt text. */
import type { APIEmbed, APIEmbedField, APIEmbedImage } from 'discord-api-types/v10';
import type { ReactNode } from 'react';
import { InlineMarkdown, Markdown } from '../markdown/markdown.tsx';
import { formatSent } from '../markdown/time.ts';
import { usePageContext } from '../page-context.ts';
import { localUrl } from '../state/local-url.ts';
import { Picture } from './picture.tsx';

export function Embed({ embed }: { readonly embed: APIEmbed }): ReactNode {
  const { title, author, description, fields = [], image, thumbnail, footer, timestamp, color } = embed;
  const { locale } = usePageContext();
  const footing = [footer?.text, timestamp && formatSent(Date.parse(timestamp), locale, Date.now())].filter(Boolean);
  return (
    <discord-embed class={thumbnail ? 'with-thumbnail' : ''} {...(color && { color: cssColour(color) })}>
      <div slot="description" className="embed-text">
        {author && <p className="embed-author">{linked(author.name, author.url)}</p>}
        {title && <h3 className="embed-title">{linked(<InlineMarkdown text={title} />, embed.url)}</h3>}
        {description && (
          <discord-embed-description>
            <Markdown text={description} />
          </discord-embed-description>
        )}
        {thumbnail && (
          <img className="embed-thumbnail" src={localUrl(thumbnail.url) ?? undefined} alt={altOf(thumbnail) ?? ''} />
        )}
      </div>
      {fields.length > 0 && <Fields fields={fields} />}
      {(image || footing.length > 0) && (
        <div slot="footer" className="embed-bottom">
          {image && (
            <Picture
              url={image.url}
              alt={altOf(image) ?? `Picture of ${title ?? 'this answer'}`}
              width={image.width}
              height={image.height}
            />
          )}
          {footing.length > 0 && <discord-embed-footer>{footing.join(' · ')}</discord-embed-footer>}
        </div>
      )}
    </discord-embed>
  );
}

function Fields({ fields }: { readonly fields: readonly APIEmbedField[] }): ReactNode {
  return (
    <div slot="fields" className="embed-fields">
      {fields.map((field, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a field has no identity except its position
        <div key={i} className={field.inline ? 'embed-field inline' : 'embed-field'}>
          <h4>
            <InlineMarkdown text={field.name} />
          </h4>
          <Markdown text={field.value} />
        </div>
      ))}
    </div>
  );
}

function linked(text: ReactNode, url: string | undefined): ReactNode {
  if (!url || !/^https?:\/\//.test(url)) return text;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

/** The server adds the file's alt text, which is not in Discord's types yet. */
function altOf(image: APIEmbedImage): string | undefined {
  const { description } = image as { readonly description?: string };
  return description;
}

/** @param colour RGB as one number */
function cssColour(colour: number): string {
  return `#${colour.toString(16).padStart(6, '0')}`;
}
