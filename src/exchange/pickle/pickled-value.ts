/** A value of a data-only pickle. Dictionaries have texts as keys. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledList
  | readonly PickledValue[]
  | ReadonlyMap<string, PickledValue>;

/** A list: of numbers alone, or of anything. */
export class PickledList {
  /** Numbers, with spare capacity. */
  #room: Float32Array = new Float32Array(0);
  #length = 0;
  #items: PickledValue[] | null = null;

  /** Python writes a long list in parts of a thousand; others may write each item by itself. */
  append(items: readonly PickledValue[]): void {
    if (items.length === 0) return;
    if (this.#items === null && items.every((item) => typeof item === 'number')) {
      this.#grow(this.#length + items.length);
      this.#room.set(items, this.#length);
      this.#length += items.length;
      return;
    }
    this.#items ??= [...(this.numbers ?? [])];
    this.#room = new Float32Array(0);
    this.#length = 0;
    for (const item of items) this.#items.push(item);
  }

  /** Null for an empty list and when an item is not a number. */
  get numbers(): Float32Array | null {
    return this.#length === 0 ? null : this.#room.subarray(0, this.#length);
  }

  get items(): readonly PickledValue[] {
    return this.#items ?? [...(this.numbers ?? [])];
  }

  /** Doubles the capacity, so that single appends stay linear. */
  #grow(length: number): void {
    if (length <= this.#room.length) return;
    const room = new Float32Array(Math.max(length, 2 * this.#room.length));
    room.set(this.#room.subarray(0, this.#length));
    this.#room = room;
  }
}
