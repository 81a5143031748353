/** Parses JSON of clients. Some libraries send snowflakes as integers beyond 2^53, which `JSON.parse` would round. Such an
 *  integer becomes a string of its digits. */

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** Source text access is in Node 24 and not yet in TypeScript's types. @see https://github.com/tc39/proposal-json-parse-with-source */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** @throws {SyntaxError} for invalid JSON, or a key that would set a prototype */
export function parseJson(text: string): unknown {
  return parse(text, (key, value, { source }) => {
    if (key === '__proto__') throw new SyntaxError('The key __proto__ is not allowed');
    const isRounded = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '');
    return isRounded ? source : value;
  });
}

/** A flag in a query string: clients send 1, true or True. */
export function isTrue(flag: string | undefined): boolean {
  return flag === '1' || flag?.toLowerCase() === 'true';
}
