/** Recordings that were embedded before: kept as bytes in the catalog, and cut to a part. */
import { deserialize, serialize } from 'node:v8';
import type { EmbeddedRecording, Fingerprint } from '../domain.ts';

/** Raised when what is written changes; older ones are then heard anew. */
const format = 1;

/** V8's own structured clone: typed arrays stay bytes, and newer versions read what older ones wrote. */
export function writeRecording({ spaceId, durationSec, tags, chunks, fingerprint }: EmbeddedRecording): Buffer {
  return serialize({ format, recording: { spaceId, durationSec, tags, chunks, fingerprint } });
}

/** @returns null for bytes of another format or damaged ones */
export function readRecording(bytes: Uint8Array): EmbeddedRecording | null {
  try {
    const { format: written, recording } = deserialize(bytes) as { format: unknown; recording: EmbeddedRecording };
    return written === format ? recording : null;
  } catch {
    return null;
  }
}

/** The part of a recording between two times: its whole windows that lie in it, and that part of the fingerprint.
 *  Windows are those of the whole recording: they begin where it was cut, not where the part does.
 *
 *  @returns null when no whole window lies in it */
export function partOf(recording: EmbeddedRecording, fromSec: number, toSec: number): EmbeddedRecording | null {
  const slackSec = 1e-3;
  const inside = recording.chunks.filter(
    ({ startSec, endSec }) => startSec >= fromSec - slackSec && endSec <= toSec + slackSec,
  );
  const chunks = inside.map((chunk, index) => ({ ...chunk, index, overlapSec: index === 0 ? 0 : chunk.overlapSec }));
  if (chunks.length === 0) return null;
  return { ...recording, chunks, fingerprint: cutFingerprint(recording.fingerprint, fromSec, toSec) };
}

function cutFingerprint({ items, itemSec }: Fingerprint, fromSec: number, toSec: number): Fingerprint {
  return { items: items.slice(Math.floor(fromSec / itemSec), Math.ceil(toSec / itemSec)), itemSec };
}
