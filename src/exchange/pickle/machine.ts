import { refused } from '../exchange-row.ts';
import type { PickleBytes } from './bytes.ts';
import type { PickledValue } from './pickled-value.ts';

/** Longer texts cannot be file names. */
const textBytesMax = 64 * 1024 * 1024;
/** A number, or a text of protocol 0. */
const lineBytesMax = 1024 * 1024;
/** Maximum of stack items; Python writes a thousand per list part. */
const stackMax = 50_000_000;

export type Step = (machine: PickleMachine, argument: Buffer) => void;

/** Size of an opcode's argument: a fixed number of bytes, the width of a length prefix, or up to the end of the line. */
export type Argument = number | { readonly lengthBytes: 1 | 4 | 8 } | 'line';

export type Opcodes = readonly (readonly [Argument, Step] | undefined)[];

/** The stack, the marks and the memo that a pickle's opcodes work on. */
export class PickleMachine {
  readonly #bytes: PickleBytes;
  readonly #opcodes: Opcodes;
  readonly #stack: PickledValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo: PickledValue[] = [];
  #isFinished = false;

  /** @param opcodes indexed by their byte */
  constructor(bytes: PickleBytes, opcodes: Opcodes) {
    this.#bytes = bytes;
    this.#opcodes = opcodes;
  }

  /** Runs one opcode.
   *  @returns undefined when it completed synchronously */
  step(): Promise<void> | undefined {
    const waiting = this.#bytes.need(1);
    return waiting ? waiting.then(() => this.#run()) : this.#run();
  }

  #run(): Promise<void> | undefined {
    const code = this.#bytes.take(1)[0] ?? 0;
    const opcode = this.#opcodes[code];
    if (!opcode) return this.#refuse(String.fromCharCode(code));
    const [argument, run] = opcode;
    const present = this.#argument(argument);
    if (present instanceof Promise) return present.then((bytes) => run(this, bytes));
    run(this, present);
    return undefined;
  }

  #argument(argument: Argument): Buffer | Promise<Buffer> {
    if (argument === 'line') return this.#line();
    if (typeof argument !== 'number') return this.#counted(argument.lengthBytes);
    const waiting = this.#bytes.need(argument);
    return waiting ? waiting.then(() => this.#bytes.take(argument)) : this.#bytes.take(argument);
  }

  async #counted(lengthBytes: 1 | 4 | 8): Promise<Buffer> {
    await this.#bytes.need(lengthBytes);
    const head = this.#bytes.take(lengthBytes);
    const length = lengthBytes === 8 ? Number(head.readBigUInt64LE()) : head.readUIntLE(0, lengthBytes);
    if (length > textBytesMax) throw refused('the pickle', `a text or number of ${length} bytes is in it`);
    await this.#bytes.need(length);
    return this.#bytes.take(length);
  }

  async #line(): Promise<Buffer> {
    const bytes: number[] = [];
    for (;;) {
      const waiting = this.#bytes.need(1);
      if (waiting) await waiting;
      const byte = this.#bytes.take(1)[0] ?? 0;
      if (byte === 0x0a) return Buffer.from(bytes);
      if (bytes.push(byte) > lineBytesMax) throw refused('the pickle', 'a line in it does not end');
    }
  }

  /** Names the refused opcode or import in the error. */
  async #refuse(code: string): Promise<never> {
    let wanted = `the opcode ${JSON.stringify(code)}`;
    if (code === 'c') wanted = `the name ${(await this.#line()).toString()}.${(await this.#line()).toString()}`;
    if (code === '\x93') wanted = `the name ${this.#stack.slice(-2).map(String).join('.')}`;
    throw refused(
      'the pickle',
      `it wants ${wanted}, which is more than data, and nothing of it was run. Convert it in Python, where it was made: ` +
        "numpy.save('index.npy', numpy.stack([d.pop('embedding') for d in dicts])) and " +
        "json.dump(dicts, open('index.json', 'w')); then import index.npy",
    );
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  finish(): void {
    this.#isFinished = true;
  }

  push(value: PickledValue): void {
    if (this.#stack.push(value) > stackMax) throw refused('the pickle', 'it puts more together than fits');
  }

  pop(): PickledValue {
    if (this.#stack.length === 0) throw refused('the pickle', 'it is damaged: it takes what was never there');
    return this.#stack.pop() as PickledValue;
  }

  top(): PickledValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): PickledValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined || mark > this.#stack.length)
      throw refused('the pickle', 'it is damaged: a mark is missing');
    return this.#stack.splice(mark);
  }

  remember(slot: number = this.#memo.length): void {
    if (!Number.isSafeInteger(slot) || slot < 0 || slot > stackMax) throw refused('the pickle', 'it is damaged');
    this.#memo[slot] = this.top();
  }

  recall(slot: number): void {
    const value = this.#memo[slot];
    if (value === undefined) throw refused('the pickle', 'it is damaged: it recalls what was never remembered');
    this.push(value);
  }

  result(): PickledValue {
    return this.pop();
  }
}
