/** Generates a client from a description of the API, as others would: node generate-client.mjs DESCRIPTION FOLDER. */
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// The generator prints code with TypeScript's JavaScript API, which TypeScript 7 does not have: web/ brings TypeScript 6.
const web = createRequire(path.resolve(import.meta.dirname, '../../web/package.json'));
const typescript6 = pathToFileURL(web.resolve('typescript')).href;
registerHooks({
  resolve: (specifier, context, next) => next(specifier === 'typescript' ? typescript6 : specifier, context),
});
const { createClient } = await import('@hey-api/openapi-ts');
const [, , input = '', folder = ''] = process.argv;
await createClient({
  input,
  output: { path: folder, importFileExtension: '.ts' },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
  logs: { level: 'error', file: false },
});
