/** JSON as clients send it. Libraries in other languages write snowflakes as integers beyond 2^53, which a plain
 *  `JSON.parse` would round: their digits are kept as a string, the form that every id has here. */

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** Source text access is in Node 24 and not yet in TypeScript's types. @see https://github.com/tc39/proposal-json-parse-with-source */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** @throws {SyntaxError} for what is no JSON, or has a key that would set a prototype */
export function parseJson(text: string): unknown {
  return parse(text, (key, value, { source }) => {
    if (key === '__proto__') throw new SyntaxError('The key __proto__ is not allowed');
    const isRounded = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '');
    return isRounded ? source : value;
  });
}

/** A flag of a query string: clients write 1, true or True. */
export function isTrue(flag: string | undefined): boolean {
  return flag === '1' || flag?.toLowerCase() === 'true';
}
