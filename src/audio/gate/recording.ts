/** Judges silence relative to the recording: a level that is silence in a recording of usual level is music in a quiet one. */
import type { ChunkKind } from '../../domain.ts';
import { silenceDb } from './levels.ts';

/** Quiet passages lie up to this far below a recording's loudest window. Where that window is louder than -25 dBFS, as in
 *  nearly all recordings, the usual threshold holds. */
const quietestBelowDb = 30;

export interface GatedWindow {
  readonly kind: ChunkKind;
  /** @see WindowKind.loudDb */
  readonly loudDb: number;
}

/** Yields the windows of a recording in order; marks those that are silent relative to its loudest window as silence.
 *
 *  A window whose kind depends on what is still to come is held back, and what follows it too: at most the whole
 *  recording, where all of it is quiet. */
export async function* relativeToLoudest<T extends GatedWindow>(windows: AsyncIterable<T>): AsyncGenerator<T> {
  const held: T[] = [];
  let loudestDb = Number.NEGATIVE_INFINITY;
  const isSilent = ({ loudDb }: T) => loudDb < Math.min(silenceDb, loudestDb - quietestBelowDb);
  const judged = (window: T): T => (isSilent(window) ? { ...window, kind: 'silence' } : window);
  for await (const window of windows) {
    held.push(window);
    loudestDb = Math.max(loudestDb, window.loudDb);
    while (held[0]) {
      const [first] = held;
      const isOpen = first.kind === 'music' && first.loudDb < silenceDb && !isSilent(first);
      if (isOpen) break;
      held.shift();
      yield judged(first);
    }
  }
  for (const window of held) yield judged(window);
}
