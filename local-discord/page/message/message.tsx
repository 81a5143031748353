/** One message of the channel, with its menu. */
import type {
  APIMessage,
  APIMessageSnapshotFields,
  APIUser,
  MessageReferenceType,
  MessageType,
} from 'discord-api-types/v10';
import type { ReactNode } from 'react';
import type { PageMessage } from '../../page-protocol.ts';
import { avatarOf } from '../avatar.ts';
import { Markdown } from '../markdown/markdown.tsx';
import { formatSent } from '../markdown/time.ts';
import { usePageContext } from '../page-context.ts';
import { Attachments } from './attachments.tsx';
import { Components } from './components.tsx';
import { Embed } from './embed.tsx';
import { has, MessageFlag } from './flags.ts';
import { MessageMenu } from './message-menu.tsx';

const forwardReference: MessageReferenceType.Forward = 1;
const chatCommandMessage: MessageType.ChatInputCommand = 20;

export function Message({ message }: { readonly message: PageMessage }): ReactNode {
  const { discord, locale, users } = usePageContext();
  const { author, embeds, components = [] } = message;
  const isEphemeral = has(message, MessageFlag.ephemeral);
  const name = users.get(author.id)?.name ?? author.global_name ?? author.username;
  const face = avatarOf({ id: author.id, name, isBot: author.bot ?? false });
  const failure = discord.view.pending.find(
    ({ cause, failure }) => failure !== null && cause.kind === 'component' && cause.messageId === message.id,
  );
  const isV2 = has(message, MessageFlag.componentsV2);
  // With Components V2, attachments are shown only by components.
  const loose = isV2 ? [] : message.attachments;
  return (
    <MessageMenu message={message}>
      <discord-message
        author={name}
        avatar={face}
        bot={author.bot ?? false}
        timestamp={formatSent(Date.parse(message.timestamp), locale, Date.now())}
        class={isEphemeral ? 'ephemeral' : ''}
      >
        <Cause message={message} />
        {has(message, MessageFlag.loading) ? <Thinking name={name} /> : <Markdown text={message.content} />}
        {message.edited_timestamp && message.content !== '' && <span className="edited"> (edited)</span>}
        {message.message_snapshots?.map(({ message: snapshot }) => (
          <Forwarded key={snapshot.timestamp} message={message} snapshot={snapshot} />
        ))}
        <div slot="attachments">
          <Attachments attachments={loose} />
        </div>
        <div slot="embeds">
          {embeds.map((embed, i) => (
            // An embed has no identity except its position.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <Embed key={i} embed={embed} />
          ))}
        </div>
        <div slot="components">
          <Components message={message} components={components} />
          {failure && (
            <p className="failure" role="alert">
              {failure.failure}
            </p>
          )}
          {isEphemeral && (
            <p className="only-you">
              Only you can see this ·{' '}
              <button type="button" className="as-link" onClick={() => discord.dismiss(message.id)}>
                Dismiss message
              </button>
            </p>
          )}
        </div>
      </discord-message>
    </MessageMenu>
  );
}

/** The content of a forwarded message, without its buttons. */
function Forwarded({ message, snapshot }: ForwardedProps): ReactNode {
  const isV2 = has({ ...message, flags: snapshot.flags ?? 0 } as PageMessage, MessageFlag.componentsV2);
  return (
    <blockquote className="forwarded">
      <p>↪ Forwarded</p>
      <Markdown text={snapshot.content} />
      <Attachments attachments={isV2 ? [] : snapshot.attachments} />
      {snapshot.embeds.map((embed, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Embed key={i} embed={embed} />
      ))}
      {isV2 && <Components message={message} components={snapshot.components ?? []} />}
    </blockquote>
  );
}

interface ForwardedProps {
  readonly message: PageMessage;
  readonly snapshot: APIMessageSnapshotFields;
}

function Thinking({ name }: { readonly name: string }): ReactNode {
  return (
    <p className="thinking" role="status">
      <span className="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {name} is thinking…
    </p>
  );
}

/** "Ada used /similar", or the message that this one replies to. */
function Cause({ message }: { readonly message: PageMessage }): ReactNode {
  const { users, discord } = usePageContext();
  const referencedId = message.message_reference?.message_id;
  const referenced =
    message.referenced_message ?? discord.view.messages.get(message.channel_id)?.find(({ id }) => id === referencedId);
  const faceOf = (author: APIUser) => {
    const name = users.get(author.id)?.name ?? author.username;
    const isBot = author.bot ?? false;
    return { name, isBot, avatar: avatarOf({ id: author.id, name, isBot }) };
  };
  // The reply to a button names no command. It replies to the button's message.
  if (message.interaction) {
    const { name, avatar } = faceOf(message.interaction.user);
    const target = referenced && faceOf(referenced.author);
    return (
      <discord-command
        slot="reply"
        author={name}
        avatar={avatar}
        type={message.type === chatCommandMessage ? 'slash_command' : 'message_command'}
        command={message.interaction.name}
        contextMessageReply={referenced ? summaryOf(referenced) : ''}
        {...(target && {
          contextUserName: target.name,
          contextUserAvatar: target.avatar,
          contextUserBot: target.isBot,
        })}
      />
    );
  }
  if (!referencedId || message.message_reference?.type === forwardReference) return null;
  if (!referenced) return <discord-reply slot="reply" deleted={true} />;
  const { name, avatar, isBot } = faceOf(referenced.author);
  return (
    <discord-reply
      slot="reply"
      author={name}
      avatar={avatar}
      bot={isBot}
      attachment={referenced.attachments.length > 0}
    >
      {summaryOf(referenced)}
    </discord-reply>
  );
}

/** One line that identifies a message. */
function summaryOf({ content, embeds, attachments }: APIMessage): string {
  const words = content || embeds[0]?.title || attachments[0]?.filename || 'a message';
  return words.split('\n')[0]?.slice(0, 80) ?? '';
}
