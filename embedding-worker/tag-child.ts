/** Entry of the tag process: receives paths and returns tags, one by one. Ends with its parent in any case, because Node closes
 *  the channel.
 */
import { flushCompileCache, registerHooks } from 'node:module';
import type { FromTagProcess, ToTagProcess } from './tags/protocol.ts';

process.on('disconnect', () => process.exit());
// Ignored: a terminal sends Ctrl-C to all processes of its group, but the worker ends its children.
process.on('SIGINT', () => {});

// Before music-metadata is loaded: its text decoder loses bytes (tags/text-codec.ts).
const textCodec = new URL('./tags/text-codec.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@borewit/text-codec' ? { url: textCodec, shortCircuit: true } : next(specifier, context),
});
const { readTags } = await import('./tags/read-tags.ts');

function send(message: FromTagProcess): void {
  // The callback receives the error of a closed channel; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

process.on('message', ({ path }: ToTagProcess) => {
  readTags(path).then(
    (tags) => send({ type: 'read', tags }),
    (error: unknown) => send({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
send({ type: 'ready' });
// This process is killed, too: see inference-child.ts.
flushCompileCache();
