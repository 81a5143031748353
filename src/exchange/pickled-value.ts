/** What a data-only pickle can hold. Dictionaries have texts as keys. */
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
  #numbers: Float32Array | null = null;
  #items: PickledValue[] | null = null;

  /** Python writes a long list in parts of a thousand. */
  append(items: readonly PickledValue[]): void {
    if (items.length === 0) return;
    if (this.#items === null && items.every((item) => typeof item === 'number')) {
      const before = this.#numbers ?? new Float32Array(0);
      const after = new Float32Array(before.length + items.length);
      after.set(before);
      after.set(items, before.length);
      this.#numbers = after;
      return;
    }
    this.#items ??= [...(this.#numbers ?? [])];
    this.#numbers = null;
    for (const item of items) this.#items.push(item);
  }

  /** Null where not all are numbers, or there is nothing. */
  get numbers(): Float32Array | null {
    return this.#numbers;
  }

  get items(): readonly PickledValue[] {
    return this.#items ?? [...(this.#numbers ?? [])];
  }
}
