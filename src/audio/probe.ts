/** What a file is: read from the first moments of the run that decodes it, so that no second process has to be started
 *  for it. */
import type { AudioStreamChoice, RecordingTags } from '../domain.ts';
import type { AudioClaims } from './claims.ts';

export interface ProbedAudio extends AudioClaims {
  readonly tags: RecordingTags;
  /** Left out for a file with one stream of sound. */
  readonly audioStream?: AudioStreamChoice | undefined;
}
