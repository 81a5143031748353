/** The abort signal of a request. */
import type { FastifyReply } from 'fastify';
import { LeitmotifError } from '../src/errors.ts';

/** Aborted when the client hangs up or the deadline passes, whichever is first.
 *  @param tooLate builds the message for a missed deadline from its seconds */
export function signalOf(
  reply: FastifyReply,
  deadlineMs: number,
  tooLate: (seconds: number) => LeitmotifError,
): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLate(Math.round(deadlineMs / 1000))), deadlineMs);
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) controller.abort(new LeitmotifError('cancelled', 'The client hung up'));
  });
  return controller.signal;
}
