/** The entry of the process that reads tags: paths in, tags out, one after the other. It dies with its parent: Node closes the
 *  channel when the parent is gone, however it went.
 */
import { flushCompileCache, registerHooks } from 'node:module';
import type { FromTagProcess, ToTagProcess } from './tags/protocol.ts';

process.on('disconnect', () => process.exit());
// A terminal sends Ctrl-C to every process of its group: it is the worker that decides when its children end.
process.on('SIGINT', () => {});

// Before music-metadata is loaded: its text decoder loses bytes (tags/text-codec.ts).
const textCodec = new URL('./tags/text-codec.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@borewit/text-codec' ? { url: textCodec, shortCircuit: true } : next(specifier, context),
});
const { readTags } = await import('./tags/read-tags.ts');

function send(message: FromTagProcess): void {
  // The callback takes the error of a channel that closed meanwhile; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

process.on('message', ({ path }: ToTagProcess) => {
  readTags(path).then(
    (tags) => send({ type: 'read', tags }),
    (error: unknown) => send({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
send({ type: 'ready' });
// Killed in the end, like an inference process: see there.
flushCompileCache();
