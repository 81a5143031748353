/** Ids in Discord's format: 18 or 19 digits that begin with the time, strictly increasing.
 *  @see https://discord.com/developers/docs/reference#snowflakes */
import type { Clock } from './clock.ts';

const discordEpochMs = 1_420_070_400_000;

export class Snowflakes {
  readonly #clock: Clock;
  #last = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): string {
    const now = BigInt(Math.floor(this.#clock.nowMs()) - discordEpochMs) << 22n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return String(this.#last);
  }
}
