/** The device of a pool of inference processes: the one in use or on trial, and those that were rejected. */
import { LeitmotifError } from '../../src/errors.ts';
import { deviceUnusable } from './devices.ts';
import type { LoadFailure } from './inference-process.ts';
import type { ExecutionProvider } from './onnx.ts';

export class DeviceChoice {
  /** The current one, then the remaining ones. */
  readonly #devices: ExecutionProvider[];
  readonly #rejected: string[] = [];
  /** Options that were rejected on the current device, with the reason. */
  #notes: readonly string[] = [];

  /** @param devices best first, at least one */
  constructor(devices: readonly ExecutionProvider[]) {
    this.#devices = [...devices];
  }

  get current(): ExecutionProvider {
    return this.#devices[0] ?? 'cpu';
  }

  /** Rejected devices and options, with the reasons. */
  get passedOver(): readonly string[] {
    return [...this.#rejected, ...this.#notes];
  }

  /** The current device works. */
  accept(notes: readonly string[]): void {
    this.#notes = notes;
  }

  /** Goes on to the next device, if there is one.
   *  @returns whether there is one */
  reject(why: string): boolean {
    if (this.#devices.length === 1) return false;
    this.#rejected.push(`${this.current}: ${why}`);
    this.#devices.shift();
    return true;
  }

  /** The error when no device is left to try. */
  failureOf(culprit: LoadFailure['culprit'], why: string): LeitmotifError {
    if (culprit !== 'model' && this.current !== 'cpu') return deviceUnusable(this.current, why);
    if (culprit !== 'process') return new LeitmotifError('config-invalid', why);
    // The process died or hung. On a busy machine this may pass, so it does not count as a wrong setting.
    return new LeitmotifError('worker-unavailable', `Cannot load a model: ${why}`);
  }
}
