/** What one piece of work on a stranger's file may take. Every limit is the caller's to set; only those on opening a file
 *  have defaults. */
export interface AudioLimits {
  /** Wall time of the whole work, the waits for a slow reader included. */
  readonly deadlineMs: number;
  /** Longest recording that is decoded. */
  readonly durationMaxSec: number;
  /** Largest file that is opened. */
  readonly bytesMax: number;
  /** Address space of an ffmpeg process. It needs about 300 MiB before it has read a byte, for its many libraries. */
  readonly memoryMaxBytes: number;
  /** Processor time that ffmpeg may take before the first sample. */
  readonly openCpuMaxMs?: number | undefined;
  /** And wall time, for one that waits instead of computing. */
  readonly openDeadlineMs?: number | undefined;
  /** Added to the niceness of ffmpeg where clips are cut: whoever answers people goes first. */
  readonly niceness?: number;
}

/** A recording opens within a tenth of a second of processor time, one with a large picture or a table of hours within a
 *  second; what takes longer is tags that are made to. */
export const openCpuMaxMs = 5_000;
/** On a machine that is busy with other work, too. */
export const openDeadlineMs = 30_000;
