/** Metadata of a file, read from the start of the run that decodes it, so that no second process is needed. */
import type { AudioStreamChoice, RecordingTags } from '../domain.ts';
import type { AudioClaims } from './claims.ts';

export interface ProbedAudio extends AudioClaims {
  readonly tags: RecordingTags;
  /** Undefined for a file with one audio stream. */
  readonly audioStream?: AudioStreamChoice | undefined;
}
