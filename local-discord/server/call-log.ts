/** What the bot called, and what of it Discord would have refused. */

export interface Call {
  readonly method: string;
  /** Of the API, after its version; tokens of interactions as they came. */
  readonly path: string;
  /** 0 when the connection was broken by a fault. */
  readonly status: number;
  /** When its head arrived. */
  readonly atMs: number;
  readonly tookMs: number;
}

export interface Refusal {
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
  readonly refusals: Refusal[] = [];

  add(call: Call): void {
    this.calls.push(call);
    if (this.calls.length > entriesMax) this.calls.shift();
  }

  addRefusal(refusal: Refusal): void {
    this.refusals.push(refusal);
    if (this.refusals.length > entriesMax) this.refusals.shift();
  }
}
