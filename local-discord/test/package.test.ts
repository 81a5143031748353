/** The package can be used outside this repository: it declares what it imports, and imports nothing around it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { init, parse } from 'es-module-lexer';
import { checkMessagePayload } from 'local-discord/message-rules';
import { expect, test } from 'vitest';

const folder = path.resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
/** The lexer does not read JSX. */
const jsxImport = /^import (?:[^'"]*? from )?'([^']+)'/gm;

function importsOf(file: string): string[] {
  const source = readFileSync(path.join(folder, file), 'utf8');
  if (file.endsWith('.tsx')) return [...source.matchAll(jsxImport)].map(([, name = '']) => name);
  return parse(source)[0].flatMap((found) => ('specifier' in found && found.specifier ? [found.specifier] : []));
}

/** `@scope/name/file` -> `@scope/name` */
const packageOf = (name: string) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

const tests = globSync('test/**/*.ts', { cwd: folder });
const sources = globSync(['*.ts', 'server/**/*.ts', 'page/**/*.{ts,tsx}'], { cwd: folder });

test('imports only files of this folder', async () => {
  await init;
  const outside = [...sources, ...tests].flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .filter((name) => path.join(path.dirname(file), name).startsWith('..'))
      .map((name) => `${file} imports ${name}`),
  );
  expect(outside).toEqual([]);
});

test('declares exactly the packages that its sources import', async () => {
  await init;
  const packages = sources.flatMap(importsOf).filter((name) => !name.startsWith('.') && !isBuiltin(name));
  expect([...new Set(packages.map(packageOf))].sort()).toEqual(Object.keys(manifest.dependencies).sort());
});

test('declares the packages that its tests import', async () => {
  await init;
  const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies), 'local-discord'];
  const packages = tests.flatMap(importsOf).filter((name) => !name.startsWith('.') && !isBuiltin(name));
  expect(packages.map(packageOf).filter((name) => !declared.includes(name))).toEqual([]);
});

test('exports files that exist, by its own name', () => {
  for (const file of Object.values(manifest.exports)) expect(existsSync(path.join(folder, file)), file).toBe(true);
  expect(checkMessagePayload({ content: 'x'.repeat(2001) }, { files: [] })).toHaveLength(1);
});
