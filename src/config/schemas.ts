/** Schemas for the environment variables. */
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import { parseLibraries } from './library-location.ts';
import { scheduleProblem } from './schedule.ts';

export interface Variable<T> {
  readonly schema: z.ZodType<T, unknown>;
  /** As text; undefined: unset by default. */
  readonly default: string | undefined;
  readonly unit: string;
  readonly why: string;
}

export function variable<T>(
  schema: z.ZodType<T, unknown>,
  defaultText: string | undefined,
  unit: string,
  why: string,
): Variable<T> {
  return { schema, default: defaultText, unit, why };
}

export const int = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.coerce.number(error).int({ error, abort: true }).min(min, { error, abort: true }).max(max, error);
};
export const number = (min: number, max: number) => {
  const error = `expected a number from ${min} to ${max}`;
  return z.coerce.number(error).min(min, { error, abort: true }).max(max, error);
};
export const anyText = z.string();
export const optionalText = z.string().optional();
export const httpUrl = z.url({ protocol: /^https?$/ }).optional();
/** Discord's ids are 64-bit numbers, written in 17 to 20 digits. */
export const idList = z
  .string()
  .transform((list) => list.split(/[\s,]+/).filter((id) => id !== ''))
  .pipe(z.array(z.string().regex(/^\d{17,20}$/, 'expected ids of 17 to 20 digits')));

/** The parameter of an issue whose message contains the refused value: a parser of several values knows which one it is. */
export const namesValue = 'namesValue';

/** A zod check that reports the parser's own message. */
export function checked(parse: (text: string) => unknown) {
  return (text: string, context: z.RefinementCtx) => {
    try {
      parse(text);
    } catch (error) {
      const params = { [namesValue]: error instanceof LeitmotifError };
      context.addIssue({ code: 'custom', message: (error as Error).message, params });
    }
  };
}
export const libraries = z.string().superRefine(checked(parseLibraries));
export const library = z.string().superRefine(
  checked((text) => {
    if (parseLibraries(text).some(({ name }) => name !== null))
      throw new RangeError('expected one place, without a name');
  }),
);
function urlListOf(error: string) {
  return z
    .string()
    .transform((list) => [...new Set(list.split(/[\s,]+/).filter((url) => url !== ''))])
    .pipe(z.array(z.url({ protocol: /^https?$/, error, abort: true })));
}
export const urlList = urlListOf('expected http(s) addresses, separated by commas');
/** Scheme, host and port, without a path. */
export const originList = urlListOf('expected http(s) origins without a path, such as https://music.example.org').pipe(
  z.array(
    z.string().refine((text) => new URL(text).origin === text.replace(/\/$/, ''), 'expected origins without a path'),
  ),
);
export const proxyList = z
  .string()
  .transform((list) => list.split(/[\s,]+/).filter((each) => each !== ''))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected addresses or networks (10.0.0.0/8)')));
/** Five cron fields, in local time, at most once an hour. */
export const dailyCron = z.string().refine((cron) => scheduleProblem(cron, 'UTC') === null, {
  error: 'expected five cron fields, at most once an hour',
});
