/** Log of the bot's calls, and of those that were refused as Discord refuses them. */

export interface Call {
  readonly method: string;
  /** The path after the API version, with tokens of interactions. */
  readonly path: string;
  /** 0 when a fault broke the connection. */
  readonly status: number;
  /** When the request's head arrived. */
  readonly atMs: number;
  readonly tookMs: number;
}

export interface RefusedCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Discord's JSON error code. */
  readonly code: number;
  readonly text: string;
  readonly atMs: number;
}

const entriesMax = 100_000;

export class CallLog {
  readonly calls: Call[] = [];
  readonly refusals: RefusedCall[] = [];

  add(call: Call): void {
    this.calls.push(call);
    if (this.calls.length > entriesMax) this.calls.shift();
  }

  addRefusal(refusal: RefusedCall): void {
    this.refusals.push(refusal);
    if (this.refusals.length > entriesMax) this.refusals.shift();
  }
}
