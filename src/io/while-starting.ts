/** Ends this process at once when its parent goes away during start-up, while it loads modules or a model. Every program that
 *  another process starts imports this first, and calls `endInOrder` once it can shut down gracefully. */
const endAtOnce = (): void => process.exit(1);

process.once('disconnect', endAtOnce);

/** From now on `stop` is called when the parent goes away; at once if it is gone already. */
export function endInOrder(stop: () => void): void {
  process.off('disconnect', endAtOnce);
  process.once('disconnect', stop);
  if (process.channel === undefined && process.send === undefined) return;
  if (!process.connected) stop();
}
