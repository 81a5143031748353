/** Validates a worker's response before it is stored: the worker may be another version or another program. */
import type { Chunk, EmbeddedRecording } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

/** Tolerance for unit length in float32: rounding 1,000 squares of 24 bits stays below 1e-4. */
const lengthTolerance = 1e-3;

/** @throws {LeitmotifError} 'space-mismatch' for vectors of another space, 'worker-protocol' for invalid chunks */
export function checkRecording(recording: EmbeddedRecording, spaceId: string): void {
  if (recording.spaceId !== spaceId) {
    throw new LeitmotifError(
      'space-mismatch',
      `Cannot index: expected vectors of space ${spaceId}, got ${recording.spaceId} from the worker`,
    );
  }
  const dimensions = recording.chunks[0]?.vector.length ?? 0;
  if (dimensions === 0) throw unusable('no chunk');
  recording.chunks.forEach((chunk, index) => {
    const wrong = describeFault(chunk, index, dimensions);
    if (wrong !== null) throw unusable(wrong);
  });
}

function describeFault(chunk: Chunk, index: number, dimensions: number): string | null {
  if (chunk.index !== index) return `chunk ${chunk.index} where ${index} was due`;
  if (!(chunk.startSec >= 0 && chunk.endSec > chunk.startSec)) return `chunk ${index} that ends before it starts`;
  if (chunk.vector.length !== dimensions) return `chunk ${index} with ${chunk.vector.length} values of ${dimensions}`;
  const length = Math.hypot(...chunk.vector);
  // The vector of silence may be zero; a music vector must have a direction.
  if (chunk.kind === 'music' ? !(Math.abs(length - 1) <= lengthTolerance) : !Number.isFinite(length)) {
    return `chunk ${index} with a vector of length ${length}`;
  }
  return null;
}

function unusable(what: string): LeitmotifError {
  return new LeitmotifError('worker-protocol', `Cannot use the worker's answer: expected unit vectors, got ${what}`);
}
