/** A message's components: buttons and selects, and Components V2 around them. */
import type { APIMessageComponent, ComponentType } from 'discord-api-types/v10';
import type { ReactNode } from 'react';
import type { PageMessage } from '../../page-protocol.ts';
import { Markdown } from '../markdown/markdown.tsx';
import { Attachment } from './attachments.tsx';
import { MessageButton } from './button.tsx';
import { Picture } from './picture.tsx';
import { MessageSelect } from './select.tsx';

interface ComponentsProps {
  readonly message: PageMessage;
  readonly components: readonly APIMessageComponent[];
}

export function Components({ message, components }: ComponentsProps): ReactNode {
  return components.map((component, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a component has no identity except its position
    <Component key={i} message={message} component={component} />
  ));
}

interface ComponentProps {
  readonly message: PageMessage;
  readonly component: APIMessageComponent;
}

function Component({ message, component }: ComponentProps): ReactNode {
  switch (component.type) {
    case 1 satisfies ComponentType.ActionRow:
      return (
        <div className="action-row">
          <Components message={message} components={component.components} />
        </div>
      );
    case 2 satisfies ComponentType.Button:
      return <MessageButton message={message} button={component} />;
    case 3 satisfies ComponentType.StringSelect:
    case 5 satisfies ComponentType.UserSelect:
    case 7 satisfies ComponentType.MentionableSelect:
    case 8 satisfies ComponentType.ChannelSelect:
      return <MessageSelect message={message} select={component} />;
    case 9 satisfies ComponentType.Section:
      return (
        <div className="section">
          <div>
            <Components message={message} components={component.components} />
          </div>
          <Component message={message} component={component.accessory} />
        </div>
      );
    case 10 satisfies ComponentType.TextDisplay:
      return <Markdown text={component.content} />;
    case 11 satisfies ComponentType.Thumbnail:
      return (
        <div className="thumbnail">
          <Picture url={component.media.url} alt={component.description ?? ''} />
        </div>
      );
    case 12 satisfies ComponentType.MediaGallery:
      return (
        <div className="gallery">
          {component.items.map((item) => (
            <Picture key={item.media.url} url={item.media.url} alt={item.description ?? ''} />
          ))}
        </div>
      );
    case 13 satisfies ComponentType.File: {
      const path = component.file.url.split('?')[0];
      const attachment = message.attachments.find(({ url }) => url.split('?')[0] === path);
      return attachment ? <Attachment attachment={attachment} /> : null;
    }
    case 14 satisfies ComponentType.Separator:
      return <hr className={component.divider === false ? 'separator invisible' : 'separator'} />;
    case 17 satisfies ComponentType.Container:
      return (
        <div
          className="container"
          style={
            component.accent_color
              ? { borderLeftColor: `#${component.accent_color.toString(16).padStart(6, '0')}` }
              : {}
          }
        >
          <Components message={message} components={component.components} />
        </div>
      );
    default:
      return null;
  }
}
