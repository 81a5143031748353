/** Limits for work on one untrusted file. The caller sets them; only the limits on opening have defaults. */
export interface AudioLimits {
  /** Wall time of the whole work, including waits for a slow reader. */
  readonly deadlineMs: number;
  /** Longest recording that is decoded. */
  readonly durationMaxSec: number;
  /** Largest file that is opened. */
  readonly bytesMax: number;
  /** Address space of an ffmpeg process. Its libraries need about 300 MiB before it reads a byte. */
  readonly memoryMaxBytes: number;
  /** Processor time that ffmpeg may take before the first sample. */
  readonly openCpuMaxMs?: number | undefined;
  /** Time before the first sample, as time-charged.ts counts it: without that in which ffmpeg waits for a processor. */
  readonly openDeadlineMs?: number | undefined;
  /** Added to the niceness of ffmpeg when it cuts clips, so that queries go first. */
  readonly niceness?: number;
}

/** A recording opens within 0.1 s of processor time, one with a large picture or the seek table of hours within 1 s. Only hostile
 *  tags take longer. */
export const openCpuMaxMs = 5_000;
/** Allows for a slow server. */
export const openDeadlineMs = 30_000;
