import type { APIButtonComponent } from 'discord-api-types/v10';
import type { ReactNode } from 'react';
import type { PageMessage } from '../../page-protocol.ts';
import { usePress } from './use-press.ts';

const looks = ['', 'primary', 'secondary', 'success', 'danger', 'secondary', 'primary'];
const componentType = 2;

interface MessageButtonProps {
  readonly message: PageMessage;
  readonly button: APIButtonComponent;
}

/** A button with a spinner until the bot answers. */
export function MessageButton({ message, button }: MessageButtonProps): ReactNode {
  const customId = 'custom_id' in button ? button.custom_id : '';
  const { isWaiting, press } = usePress(message, customId, componentType);
  const label = 'label' in button ? (button.label ?? '') : '';
  const emoji = 'emoji' in button ? (button.emoji?.name ?? '') : '';
  const content = (
    <>
      {emoji && <span aria-hidden={label !== ''}>{emoji}</span>}
      {label && <span>{label}</span>}
    </>
  );
  if ('url' in button && !button.disabled) {
    return (
      <a className="button secondary" href={button.url} target="_blank" rel="noopener noreferrer">
        {content}
        <span aria-hidden="true">↗</span>
      </a>
    );
  }
  return (
    <button
      type="button"
      className={`button ${looks[button.style] ?? 'secondary'}${isWaiting ? ' waiting' : ''}`}
      disabled={button.disabled ?? false}
      aria-busy={isWaiting}
      onClick={() => press()}
    >
      {content}
    </button>
  );
}
