/** The envelope of OpenSubsonic's API, as JSON or XML. Failures are inside it, with status 200. Pure.
 *  @see https://opensubsonic.netlify.app/docs/responses/subsonic-response/ */
import { escapeMarkup } from '../format.ts';

export const subsonicVersion = '1.16.1';

/** @see https://opensubsonic.netlify.app/docs/responses/error/ */
export const subsonicErrors = {
  generic: 0,
  missingParameter: 10,
  mechanismUnsupported: 42,
  mechanismConflict: 43,
  keyInvalid: 44,
  notAuthorized: 50,
  notFound: 70,
} as const;

export class SubsonicError extends Error {
  readonly code: number;

  constructor(kind: keyof typeof subsonicErrors, message: string) {
    super(message);
    this.code = subsonicErrors[kind];
  }
}

type Scalar = string | number | boolean;
export interface Fields {
  readonly [name: string]: Scalar | undefined | Fields | readonly Fields[] | readonly number[];
}

export function okEnvelope(body: Fields, serverVersion: string): Fields {
  return { ...headOf('ok', serverVersion), ...body };
}

export function failedEnvelope({ code, message }: SubsonicError, serverVersion: string): Fields {
  return { ...headOf('failed', serverVersion), error: { code, message } };
}

function headOf(status: 'ok' | 'failed', serverVersion: string): Fields {
  return { status, version: subsonicVersion, type: 'leitmotif', serverVersion, openSubsonic: true };
}

export function asJson(envelope: Fields): string {
  return JSON.stringify({ 'subsonic-response': envelope });
}

export function asXml(envelope: Fields): string {
  const root = { xmlns: 'http://subsonic.org/restapi', ...envelope };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('subsonic-response', root)}`;
}

/** Scalars become attributes, everything else elements. */
function element(name: string, fields: Fields): string {
  const attributes: string[] = [];
  const children: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (typeof value !== 'object') attributes.push(` ${key}="${escaped(String(value))}"`);
    else if (Array.isArray(value))
      children.push(
        ...value.map((each: Fields | number) =>
          typeof each === 'object' ? element(key, each) : `<${key}>${each}</${key}>`,
        ),
      );
    else children.push(element(key, value as Fields));
  }
  const head = `<${name}${attributes.join('')}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.join('')}</${name}>`;
}

/** XML 1.0 has no way to write most control characters, so they are left out. A reader would turn the others into spaces. */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
  const writable = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
  return escapeMarkup(writable).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
