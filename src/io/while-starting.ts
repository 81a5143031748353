/** Imported first by every program that another process starts: a parent that goes while this process still loads its modules
 *  or a model ends it at once. A program that ends in order later takes this over with `endInOrder`. */
const endAtOnce = (): void => process.exit(1);

process.once('disconnect', endAtOnce);

/** From here on, `stop` is called when the parent goes; at once if it has gone already. */
export function endInOrder(stop: () => void): void {
  process.off('disconnect', endAtOnce);
  process.once('disconnect', stop);
  if (process.channel === undefined && process.send === undefined) return;
  if (!process.connected) stop();
}
