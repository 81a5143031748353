/** The menu of a message: message commands, forward and copy link. Opened by its button, a right click or a long press. */
import { type PointerEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { PageMessage } from '../../page-protocol.ts';
import { commandsHere, localised, messageCommands } from '../composer/commands.ts';
import { usePageContext } from '../page-context.ts';
import { useUpward } from '../use-upward.ts';
import { has, MessageFlag } from './flags.ts';

const longPressMs = 550;
/** A longer movement of the finger scrolls. */
const stillPx = 10;

interface MessageMenuProps {
  readonly message: PageMessage;
  readonly children: ReactNode;
}

export function MessageMenu({ message, children }: MessageMenuProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const frame = useRef<HTMLLIElement>(null);
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const menuId = useId();

  const startPress = (event: PointerEvent): void => {
    if (event.pointerType === 'mouse' || isControl(event.target)) return;
    press.current = { timer: setTimeout(() => setOpen(true), longPressMs), x: event.clientX, y: event.clientY };
  };
  const endPress = (): void => {
    clearTimeout(press.current?.timer);
    press.current = null;
  };
  const movePress = (event: PointerEvent): void => {
    const start = press.current;
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > stillPx) endPress();
  };
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: Event): void => {
      if (!frame.current?.querySelector('.message-menu')?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, [isOpen]);

  return (
    <li
      ref={frame}
      className="message"
      data-message-id={message.id}
      onContextMenu={(event) => {
        if (isControl(event.target)) return;
        event.preventDefault();
        setOpen(true);
      }}
      onPointerDown={startPress}
      onPointerMove={movePress}
      onPointerUp={endPress}
      onPointerCancel={endPress}
    >
      {children}
      <button
        type="button"
        className="more"
        aria-label="More: what can be done with this message"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={menuId}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={() => setOpen(!isOpen)}
      >
        …
      </button>
      {isOpen && <Menu id={menuId} message={message} onClose={() => setOpen(false)} />}
    </li>
  );
}

interface MenuProps {
  readonly id: string;
  readonly message: PageMessage;
  onClose(): void;
}

function Menu({ id, message, onClose }: MenuProps): ReactNode {
  const { discord, locale, guild, channels } = usePageContext();
  const menu = useRef<HTMLDivElement>(null);
  const isUpward = useUpward(menu, true);
  // Discord has no menu for private messages.
  const isPrivate = has(message, MessageFlag.ephemeral);
  const commands = isPrivate
    ? []
    : messageCommands(commandsHere(discord.view.server?.commands ?? [], guild?.id ?? null));
  useEffect(() => {
    const items = itemsOf(menu.current);
    items[0]?.focus({ preventScroll: true });
  }, []);
  const move = (by: number): void => {
    const items = itemsOf(menu.current);
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + by + items.length) % items.length]?.focus();
  };
  const link = `https://discord.com/channels/${guild?.id ?? '@me'}/${message.channel_id}/${message.id}`;
  return (
    <div
      ref={menu}
      id={id}
      role="menu"
      tabIndex={-1}
      aria-label="Message"
      className={isUpward ? 'message-menu upward' : 'message-menu'}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
        if (event.key === 'ArrowDown') move(1);
        if (event.key === 'ArrowUp') move(-1);
        if (event.key.startsWith('Arrow')) event.preventDefault();
      }}
    >
      <p aria-hidden="true">Apps</p>
      {commands.length === 0 && <p className="menu-empty">No application offers anything for messages.</p>}
      {commands.map((command) => {
        const name = localised(command.name, command.name_localizations, locale);
        return (
          <button
            key={command.id}
            type="button"
            role="menuitem"
            onClick={() => {
              onClose();
              discord.interact(
                { kind: 'message-command', commandId: command.id, messageId: message.id },
                { kind: 'command', title: name },
              );
            }}
          >
            {name}
          </button>
        );
      })}
      <hr />
      <button
        type="button"
        role="menuitem"
        onClick={() => {
          onClose();
          // Only pages on loopback or over TLS have a clipboard, and the user may deny it. Then nothing is copied.
          navigator.clipboard?.writeText(link).catch(() => undefined);
        }}
      >
        Copy message link
      </button>
      {!isPrivate &&
        [...channels.values()].map(({ id: toId, name }) => (
          <button
            key={toId}
            type="button"
            role="menuitem"
            onClick={() => {
              onClose();
              // Without the permission to write there, nothing is sent.
              discord.forward(message.id, toId).catch(() => undefined);
            }}
          >
            Forward to {name}
          </button>
        ))}
    </div>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
}

/** Elements with their own press action or menu. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, a, audio, video, input, img') !== null;
}
