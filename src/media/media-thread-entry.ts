/** The media thread: runs inline-media.ts, one answer per request. */
import { parentPort } from 'node:worker_threads';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { inlineMedia } from './inline-media.ts';
import type { MediaAnswer, MediaRequest } from './media-thread.ts';

const running = new Map<number, AbortController>();

async function answer(request: Exclude<MediaRequest, { op: 'abort' }>, signal: AbortSignal): Promise<MediaAnswer> {
  const { id } = request;
  if (request.op === 'svg') return { id, png: await inlineMedia.renderSvg(request.svg) };
  const options = { limits: request.limits, signal };
  if (request.op === 'match') await inlineMedia.cutMatch(request.match, options);
  else await inlineMedia.cutClips(request.clips, options);
  return { id };
}

parentPort?.on('message', async (request: MediaRequest) => {
  const { id } = request;
  if (request.op === 'abort') {
    running.get(id)?.abort(new LeitmotifError('cancelled', 'Cancelled by the caller'));
    return;
  }
  const abort = new AbortController();
  running.set(id, abort);
  try {
    parentPort?.postMessage(await answer(request, abort.signal));
  } catch (error) {
    const { code, message } = toLeitmotifError(error);
    parentPort?.postMessage({ id, failure: { code, message } } satisfies MediaAnswer);
  } finally {
    running.delete(id);
  }
});
