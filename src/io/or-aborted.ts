/** Waits for a promise or an abort. For work that ignores signals, such as the pauses of cockatiel, or that several callers
 *  share: on abort the caller returns at once, and the later outcome of the promise is ignored.
 *  @throws the signal's reason */
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
