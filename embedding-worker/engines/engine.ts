/** Port of an embedding engine: processes on this machine, or a remote server. */
import type { ChunkKind } from '../../src/domain.ts';

export interface EmbeddedWindow {
  readonly kind: ChunkKind;
  /** RMS, dBFS; see `Chunk.loudnessDb`. */
  readonly loudnessDb: number;
  /** dBFS; see `WindowKind.loudDb`. */
  readonly loudDb: number;
  /** Shape [dimensions], finite, unit length; checked by the engine. */
  readonly vector: Float32Array;
  /** What the music head reads: the vector, and for some models further values. */
  readonly headInputs: Float32Array;
  /** Computing time of the window, without waiting. */
  readonly computeMs: number;
}

export interface EmbeddingEngine {
  /** The device, for example `cpu`; `loading` until it is known. */
  readonly device: string;
  /** Better options that could not be used, each with the reason. */
  readonly passedOver?: readonly string[];
  /** Windows that one recording should have in flight to keep the engine busy. More only cost memory. */
  readonly inFlightMax: number;
  /** Whether a window would be processed now. */
  readonly ready: boolean;
  /** Why the engine is not ready, in words; unset or null while it loads. */
  readonly trouble?: string | null;

  /** Loads the model. Resolves when the whole engine is ready.
   *  @throws {LeitmotifError} config-invalid when the model cannot be used */
  start(): Promise<void>;

  /** @param samples mono PCM at the model's rate, [-1, 1], exactly one window long. The caller must not change it afterwards.
   *  @throws {LeitmotifError} inference-failed when the model gives no usable vector
   *  @throws the signal's reason when it is aborted first */
  embed(samples: Float32Array, signal: AbortSignal): Promise<EmbeddedWindow>;

  close(): Promise<void>;
}
