/** Port of an embedding engine: processes on this machine, or a remote server. */
import type { ChunkKind } from '../../src/domain.ts';

export interface EmbeddedWindow {
  readonly kind: ChunkKind;
  /** RMS, dBFS; see `Chunk.loudnessDb`. */
  readonly loudnessDb: number;
  /** dBFS; see `WindowKind.loudDb`. */
  readonly loudDb: number;
  /** Shape [dimensions], finite, unit length: an engine checks what its model made before it hands it on. */
  readonly vector: Float32Array;
  /** Milliseconds that the window itself took, waiting not included. */
  readonly computeMs: number;
}

export interface EmbeddingEngine {
  /** What it computes on, for example `cpu`; `loading` while that is being found out. */
  readonly device: string;
  /** What would have been better and could not be used, each with the reason. */
  readonly passedOver?: readonly string[];
  /** Windows that one recording should have under way to keep the engine busy. More only costs memory. */
  readonly inFlightMax: number;
  /** Whether a window that is handed over now would be worked on. */
  readonly ready: boolean;
  /** Why it is not ready, in words, if that is more than that it still loads. */
  readonly trouble?: string | null;

  /** Loads the model. Resolves when all of the engine is ready.
   *  @throws {LeitmotifError} config-invalid when the model cannot be used */
  start(): Promise<void>;

  /** @param samples mono PCM at the model's rate, [-1, 1], exactly one window long. Not to be changed afterwards.
   *  @throws {LeitmotifError} inference-failed when the model gives no usable vector
   *  @throws the signal's reason when it is aborted first */
  embed(samples: Float32Array, signal: AbortSignal): Promise<EmbeddedWindow>;

  close(): Promise<void>;
}
