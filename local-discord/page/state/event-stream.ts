/** The server's events over a web socket, which is reopened when it breaks. */
import type { PageEvent } from '../../page-protocol.ts';

const firstWaitMs = 300;
const waitMaxMs = 5000;

export interface EventStreamHandlers {
  onOpen(): void;
  onLost(): void;
  onEvent(event: PageEvent): void;
}

/** @returns a function that closes it */
export function openEventStream(path: string, { onOpen, onLost, onEvent }: EventStreamHandlers): () => void {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = firstWaitMs;
  let isEnded = false;

  const connect = (): void => {
    socket = new WebSocket(url);
    socket.onopen = () => {
      waitMs = firstWaitMs;
      onOpen();
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(String(data)) as PageEvent);
    // An error is always followed by a close.
    socket.onclose = () => {
      if (isEnded) return;
      onLost();
      timer = setTimeout(connect, waitMs);
      waitMs = Math.min(waitMs * 2, waitMaxMs);
    };
  };
  connect();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    socket?.close();
  };
}
