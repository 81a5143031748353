/** Parsers for option values. */
import { InvalidArgumentError } from 'commander';
import { parseTime } from '../format.ts';

export const time = (text: string): number => orInvalid(() => parseTime(text));

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('Expected 1 to 1000.');
  return value;
}

/** Collects the values of a repeated argument. */
export const counts = (text: string, before: number[] = []): number[] => [...before, count(text)];

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
