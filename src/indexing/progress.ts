/** Counts the progress of a run and reports it to a listener. */

export type IndexPhase = 'scan' | 'embed' | 'generation' | 'done';

export interface IndexProgress {
  readonly phase: IndexPhase;
  /** During the scan: files listed so far, without a total. */
  readonly tracksDone: number;
  readonly tracksTotal: number;
  /** Seconds of audio embedded. */
  readonly secondsDone: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly failed: number;
  /** Seconds of audio per second. */
  readonly ratePerSec: number;
  /** Estimated seconds left, from the bytes left; null before the first track. */
  readonly etaSec: number | null;
}

export class ProgressMeter {
  readonly #report: (progress: IndexProgress) => void;
  readonly #nowMs: () => number;
  #phase: IndexPhase = 'scan';
  #startedMs: number;
  #tracksDone = 0;
  #tracksTotal = 0;
  #secondsDone = 0;
  #bytesDone = 0;
  #bytesTotal = 0;
  #failed = 0;

  /** @param nowMs a monotonic clock */
  constructor(report: (progress: IndexProgress) => void, nowMs: () => number = () => performance.now()) {
    this.#report = report;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  listed(files: number): void {
    this.#tracksDone = files;
    this.#emit();
  }

  begin(files: readonly { readonly sizeBytes: number }[]): void {
    this.#phase = 'embed';
    this.#startedMs = this.#nowMs();
    this.#tracksDone = 0;
    this.#tracksTotal = files.length;
    this.#bytesTotal = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    this.#emit();
  }

  finished(file: { readonly sizeBytes: number }, result: { audioSec: number; failed: boolean }): void {
    this.#tracksDone += 1;
    this.#bytesDone += file.sizeBytes;
    this.#secondsDone += result.audioSec;
    this.#failed += result.failed ? 1 : 0;
    this.#emit();
  }

  enter(phase: 'generation' | 'done'): void {
    this.#phase = phase;
    this.#emit();
  }

  get current(): IndexProgress {
    const elapsedSec = (this.#nowMs() - this.#startedMs) / 1000;
    const bytesPerSec = elapsedSec > 0 ? this.#bytesDone / elapsedSec : 0;
    return {
      phase: this.#phase,
      tracksDone: this.#tracksDone,
      tracksTotal: this.#tracksTotal,
      secondsDone: this.#secondsDone,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      failed: this.#failed,
      ratePerSec: elapsedSec > 0 ? this.#secondsDone / elapsedSec : 0,
      etaSec: bytesPerSec > 0 ? (this.#bytesTotal - this.#bytesDone) / bytesPerSec : null,
    };
  }

  #emit(): void {
    this.#report(this.current);
  }
}
