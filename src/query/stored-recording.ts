/** Serialises embedded recordings for the catalog's cache, and cuts them to a part. */
import { deserialize, serialize } from 'node:v8';
import type { EmbeddedRecording, Fingerprint } from '../domain.ts';

/** Version of the stored form, raised when it changes. Recordings of other versions are embedded again. */
const format = 1;

/** Uses V8's structured clone: typed arrays stay binary, and newer versions read older data. */
export function writeRecording({ spaceId, durationSec, tags, chunks, fingerprint }: EmbeddedRecording): Buffer {
  return serialize({ format, recording: { spaceId, durationSec, tags, chunks, fingerprint } });
}

/** @returns null for bytes that are damaged or of another format version */
export function readRecording(bytes: Uint8Array): EmbeddedRecording | null {
  try {
    const { format: written, recording } = deserialize(bytes) as { format: unknown; recording: EmbeddedRecording };
    return written === format ? recording : null;
  } catch {
    return null;
  }
}

/** The part of a recording between two times: the chunks completely inside, and that part of the fingerprint. Chunks keep
 *  the times of the whole recording's windows, so the first may start later than the part.
 *
 *  @returns null if no complete chunk is inside */
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
