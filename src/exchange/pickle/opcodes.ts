/** The data-only opcodes.
 *  @see https://github.com/python/cpython/blob/main/Lib/pickletools.py for each */
import { refused } from '../exchange-row.ts';
import type { Argument, Opcodes, PickleMachine, Step } from './machine.ts';
import { PickledList, type PickledValue } from './pickled-value.ts';

function appendTo(machine: PickleMachine, items: readonly PickledValue[]): void {
  const list = machine.top();
  if (!(list instanceof PickledList)) throw refused('the pickle', 'it is damaged: it appends to what is no list');
  list.append(items);
}

function setItems(machine: PickleMachine, pairs: readonly PickledValue[]): void {
  const dictionary = machine.top();
  if (!(dictionary instanceof Map)) throw refused('the pickle', 'it is damaged: it sets what is no dictionary');
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const key = pairs[at];
    if (typeof key !== 'string') throw refused('the pickle', 'expected texts as keys of a dictionary');
    dictionary.set(key, pairs[at + 1] ?? null);
  }
}

function pushList(machine: PickleMachine, items: readonly PickledValue[]): void {
  const list = new PickledList();
  list.append(items);
  machine.push(list);
}

function pushDictionary(machine: PickleMachine, pairs: readonly PickledValue[]): void {
  machine.push(new Map());
  setItems(machine, pairs);
}

/** No chunk id is longer, and converting a longer number takes minutes. */
const longBytesMax = 64;

/** Little-endian two's complement. */
function longOf(bytes: Buffer): number | bigint {
  if (bytes.length > longBytesMax) throw refused('the pickle', `a number of ${bytes.length} bytes is in it`);
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return narrow(BigInt.asIntN(bytes.length * 8, value));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Protocol 0 writes numbers as text: 12, 12L, and 00 and 01 for the truths. */
function numberOf(line: Buffer): PickledValue {
  const text = line.toString('latin1').replace(/L$/, '');
  if (text === '00') return false;
  if (text === '01') return true;
  if (text.length > 3 * longBytesMax || !/^-?\d+$/.test(text))
    throw refused('the pickle', `expected a whole number, got "${text.slice(0, 40)}"`);
  return narrow(BigInt(text));
}

function floatOf(line: Buffer): number {
  const text = line.toString('latin1').trim();
  if (/^-?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return text === 'nan' ? Number.NaN : Number(text);
}

/** Protocol 0's texts: \uXXXX, \UXXXXXXXX and \xXX stand for characters. */
function escapedText(line: Buffer): string {
  return line
    .toString('latin1')
    .replaceAll(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2}))/gi, (_, u, U, x) =>
      characterOf(Number.parseInt(u ?? U ?? x, 16)),
    );
}

function characterOf(code: number): string {
  if (code > 0x10ffff) throw refused('the pickle', `it is damaged: there is no character ${code}`);
  return String.fromCodePoint(code);
}

/** Python 2 strings, quoted as in source code. */
function quotedText(line: Buffer): string {
  const text = line.toString('utf8').trim();
  if (!/^(['"]).*\1$/s.test(text)) throw refused('the pickle', 'it is damaged: a text has no end');
  return text.slice(1, -1).replaceAll(/\\(x[0-9a-f]{2}|.)/gi, (_, escaped: string) => {
    if (escaped.length === 3) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t' }[escaped] ?? escaped;
  });
}

const nothing: Step = () => {};
const text: Step = (machine, argument) => machine.push(argument.toString('utf8'));
const bytes: Step = (machine, argument) => machine.push(Uint8Array.from(argument));
const tuple =
  (count: number): Step =>
  (machine) => {
    const items = Array.from({ length: count }, () => machine.pop());
    machine.push(items.reverse());
  };

const dataOpcodes: readonly (readonly [code: string, Argument, Step])[] = [
  ['\x80', 1, nothing], // PROTO
  ['\x95', 8, nothing], // FRAME
  ['.', 0, (machine) => machine.finish()], // STOP
  ['(', 0, (machine) => machine.mark()], // MARK
  ['0', 0, (machine) => void machine.pop()], // POP
  ['1', 0, (machine) => void machine.popToMark()], // POP_MARK
  ['2', 0, (machine) => machine.push(machine.top())], // DUP
  ['N', 0, (machine) => machine.push(null)], // NONE
  ['\x88', 0, (machine) => machine.push(true)], // NEWTRUE
  ['\x89', 0, (machine) => machine.push(false)], // NEWFALSE
  ['I', 'line', (machine, line) => machine.push(numberOf(line))], // INT
  ['L', 'line', (machine, line) => machine.push(numberOf(line))], // LONG
  ['K', 1, (machine, argument) => machine.push(argument.readUInt8())], // BININT1
  ['M', 2, (machine, argument) => machine.push(argument.readUInt16LE())], // BININT2
  ['J', 4, (machine, argument) => machine.push(argument.readInt32LE())], // BININT
  ['\x8a', { lengthBytes: 1 }, (machine, argument) => machine.push(longOf(argument))], // LONG1
  ['\x8b', { lengthBytes: 4 }, (machine, argument) => machine.push(longOf(argument))], // LONG4
  ['F', 'line', (machine, line) => machine.push(floatOf(line))], // FLOAT
  ['G', 8, (machine, argument) => machine.push(argument.readDoubleBE())], // BINFLOAT
  ['S', 'line', (machine, line) => machine.push(quotedText(line))], // STRING
  ['T', { lengthBytes: 4 }, text], // BINSTRING
  ['U', { lengthBytes: 1 }, text], // SHORT_BINSTRING
  ['V', 'line', (machine, line) => machine.push(escapedText(line))], // UNICODE
  ['X', { lengthBytes: 4 }, text], // BINUNICODE
  ['\x8c', { lengthBytes: 1 }, text], // SHORT_BINUNICODE
  ['\x8d', { lengthBytes: 8 }, text], // BINUNICODE8
  ['B', { lengthBytes: 4 }, bytes], // BINBYTES
  ['C', { lengthBytes: 1 }, bytes], // SHORT_BINBYTES
  ['\x8e', { lengthBytes: 8 }, bytes], // BINBYTES8
  ['\x96', { lengthBytes: 8 }, bytes], // BYTEARRAY8
  [']', 0, (machine) => machine.push(new PickledList())], // EMPTY_LIST
  ['l', 0, (machine) => pushList(machine, machine.popToMark())], // LIST
  ['a', 0, (machine) => appendTo(machine, [machine.pop()])], // APPEND
  ['e', 0, (machine) => appendTo(machine, machine.popToMark())], // APPENDS
  [')', 0, tuple(0)], // EMPTY_TUPLE
  ['\x85', 0, tuple(1)], // TUPLE1
  ['\x86', 0, tuple(2)], // TUPLE2
  ['\x87', 0, tuple(3)], // TUPLE3
  ['t', 0, (machine) => machine.push(machine.popToMark())], // TUPLE
  ['}', 0, (machine) => machine.push(new Map())], // EMPTY_DICT
  ['d', 0, (machine) => pushDictionary(machine, machine.popToMark())], // DICT
  ['s', 0, (machine) => setItems(machine, [machine.pop(), machine.pop()].reverse())], // SETITEM
  ['u', 0, (machine) => setItems(machine, machine.popToMark())], // SETITEMS
  ['g', 'line', (machine, line) => machine.recall(Number(line.toString('latin1')))], // GET
  ['h', 1, (machine, argument) => machine.recall(argument.readUInt8())], // BINGET
  ['j', 4, (machine, argument) => machine.recall(argument.readUInt32LE())], // LONG_BINGET
  ['p', 'line', (machine, line) => machine.remember(Number(line.toString('latin1')))], // PUT
  ['q', 1, (machine, argument) => machine.remember(argument.readUInt8())], // BINPUT
  ['r', 4, (machine, argument) => machine.remember(argument.readUInt32LE())], // LONG_BINPUT
  ['\x94', 0, (machine) => machine.remember()], // MEMOIZE
];

/** Indexed by the opcode's byte. */
const table: (readonly [Argument, Step] | undefined)[] = [];
for (const [code, argument, step] of dataOpcodes) table[code.charCodeAt(0)] = [argument, step];

export const opcodes: Opcodes = table;
