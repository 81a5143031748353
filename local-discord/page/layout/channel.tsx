/** The open channel: messages, pending commands and composer. Accepts dropped files anywhere. */
import { Component, type DragEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Composer } from '../composer/composer.tsx';
import { Message } from '../message/message.tsx';
import { usePageContext } from '../page-context.ts';
import type { Pending } from '../state/page-state.ts';

interface ChannelProps {
  readonly isSideOpen: boolean;
  onSide(): void;
}

const nothing: readonly File[] = [];

export function Channel({ isSideOpen, onSide }: ChannelProps): ReactNode {
  const { discord, channels, me, guild } = usePageContext();
  const { view, channelId } = discord;
  const name = channels.get(channelId)?.name ?? '';
  const mark = guild ? '#' : '@';
  const messages = (view.messages.get(channelId) ?? []).filter(({ id }) => !view.dismissed.has(id));
  const pending = view.pending.filter((each) => each.channelId === channelId && each.cause.kind === 'command');
  const [dropped, setDropped] = useState(nothing);
  const [isOver, setOver] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);

  const newest = messages.at(-1);
  const newestOfMine = newest?.author.id === me.id || newest?.interaction_metadata?.user.id === me.id ? newest?.id : '';
  // The scroller is reversed, so that the browser keeps the newest message visible while pictures load.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the person sent something
  useEffect(() => {
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [newestOfMine, pending.length]);

  const onDrag = (event: DragEvent, over: boolean): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    const isInside = event.currentTarget.contains(event.relatedTarget as Node | null);
    setOver(over || (event.type === 'dragleave' && isInside));
  };
  return (
    <main
      className="main"
      aria-label={`${mark}${name}`}
      onDragEnter={(event) => onDrag(event, true)}
      onDragOver={(event) => onDrag(event, true)}
      onDragLeave={(event) => onDrag(event, false)}
      onDrop={(event) => {
        onDrag(event, false);
        setDropped([...event.dataTransfer.files]);
      }}
    >
      <header className="header">
        <button
          type="button"
          className="side-button"
          aria-label="Channels"
          aria-expanded={isSideOpen}
          aria-controls="sidebar"
          onClick={onSide}
        >
          ☰
        </button>
        <h1>
          <span aria-hidden="true">{mark}</span> {name}
        </h1>
        <BotStatus />
      </header>
      {view.link === 'lost' && (
        <p className="banner" role="status">
          Connection lost. Reconnecting…
        </p>
      )}
      <div className="scroller" ref={scroller}>
        <div className="scrolled">
          <p className="beginning">
            This is the beginning of {mark}
            {name}.
          </p>
          <discord-messages no-background="">
            <ol className="messages" aria-label={`Messages in ${mark}${name}`}>
              {messages.map((message) => (
                <Shield key={message.id}>
                  <Message message={message} />
                </Shield>
              ))}
              {pending.map((each) => (
                <PendingCommand key={each.key} pending={each} />
              ))}
            </ol>
          </discord-messages>
          <p className="visually-hidden" role="log" aria-live="polite">
            {newest && newest.author.id !== me.id ? `${newest.author.username}: ${newest.content.slice(0, 200)}` : ''}
          </p>
        </div>
      </div>
      <Composer dropped={dropped} />
      {isOver && (
        <div className="drop" aria-hidden="true">
          Drop it here: you choose next what to do with it
        </div>
      )}
    </main>
  );
}

function BotStatus(): ReactNode {
  const { discord } = usePageContext();
  const { server } = discord.view;
  const bots = server?.users.filter(({ isBot }) => isBot).map(({ name }) => name) ?? [];
  return (
    <span className={server?.botOnline ? 'bot-status online' : 'bot-status'} role="status">
      {bots.join(', ')} {server?.botOnline ? 'online' : 'offline'}
    </span>
  );
}

function PendingCommand({ pending }: { readonly pending: Pending }): ReactNode {
  const { discord } = usePageContext();
  if (pending.cause.kind !== 'command') return null;
  const { title } = pending.cause;
  if (pending.failure === null) {
    return (
      <li className="pending" role="status">
        Sending {title}…
      </li>
    );
  }
  return (
    <li className="pending">
      <p className="failure" role="alert">
        {title}: {pending.failure}
      </p>
      <p className="only-you">
        Only you can see this ·{' '}
        <button type="button" className="as-link" onClick={() => discord.closePending(pending.key)}>
          Dismiss message
        </button>
      </p>
    </li>
  );
}

interface ShieldProps {
  readonly children: ReactNode;
}

/** Error boundary of one message, so that the others are still shown. React supports this only for classes. */
class Shield extends Component<ShieldProps, { readonly failure: string | null }> {
  override readonly state = { failure: null as string | null };

  static getDerivedStateFromError(error: unknown): { readonly failure: string } {
    return { failure: String(error) };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return <li className="pending failure">This message cannot be shown: {failure}</li>;
  }
}
