/** What one piece of work on a stranger's file may take. Every limit is the caller's to set; none has a default here. */
export interface AudioLimits {
  /** Wall time of the whole work, the waits for a slow reader included. */
  readonly deadlineMs: number;
  /** Longest recording that is decoded. */
  readonly durationMaxSec: number;
  /** Largest file that is opened. */
  readonly bytesMax: number;
  /** Address space of an ffmpeg process. It needs about 300 MiB before it has read a byte, for its many libraries. */
  readonly memoryMaxBytes: number;
  /** Added to the niceness of ffmpeg where clips are cut: whoever answers people goes first. */
  readonly niceness?: number;
}
