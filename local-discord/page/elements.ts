/** Registers the elements of Skyra that the page uses. Buttons, selects, audio, pictures and Components V2 are React components in
 *  message/, because Skyra lacks them or shows them without function or alt text. */
import './skyra-config.ts';
import '@skyra/discord-components-core/discord-messages.js';
import '@skyra/discord-components-core/discord-message.js';
import '@skyra/discord-components-core/discord-command.js';
import '@skyra/discord-components-core/discord-reply.js';
import '@skyra/discord-components-core/discord-mention.js';
import '@skyra/discord-components-core/discord-time.js';
import '@skyra/discord-components-core/discord-quote.js';
import '@skyra/discord-components-core/discord-code.js';
import '@skyra/discord-components-core/discord-subscript.js';
import '@skyra/discord-components-core/discord-embed.js';
import '@skyra/discord-components-core/discord-embed-description.js';
import '@skyra/discord-components-core/discord-embed-fields.js';
import '@skyra/discord-components-core/discord-embed-field.js';
import '@skyra/discord-components-core/discord-embed-footer.js';
import type { HTMLAttributes, Ref } from 'react';

/** React 19 sets an element's properties as such, and other names as attributes. */
type SkyraProps<Name extends keyof HTMLElementTagNameMap> = HTMLAttributes<HTMLElement> & {
  readonly ref?: Ref<HTMLElementTagNameMap[Name]>;
  readonly key?: string | number;
  readonly class?: string;
} & Partial<Omit<HTMLElementTagNameMap[Name], keyof HTMLElement>>;

type SkyraElements = { [Name in keyof HTMLElementTagNameMap & `discord-${string}`]: SkyraProps<Name> };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements extends SkyraElements {}
  }
}
