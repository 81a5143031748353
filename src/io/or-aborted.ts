/** For work that does not hear a signal, as cockatiel's pauses, or that is shared with others: whoever aborts is let go at
 *  once, and the rest ends unheard. @throws the signal's reason */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    promise.catch(() => {});
    signal.removeEventListener('abort', onAbort);
  }
}
