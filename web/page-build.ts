/** Builds the page of the web app, unless the same sources were built before. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const here = import.meta.dirname;
const cacheFolder = path.join(here, 'node_modules/.cache/page');
/** Another program may still serve a page that was built from older sources. */
const keptForMs = 24 * 3_600_000;
/** A build takes about two seconds. */
const buildMaxMs = 120_000;
/** The page shares texts and pure modules with the bot, so its sources are not in its folder alone. */
const sourcePatterns = ['web/page/**/*', 'web/*.ts', 'web/package.json', 'src/**/*.ts', 'package-lock.json'];

/** @returns the folder with index.html, and with each file also as gzip (.gz). Each state of the sources has its own folder,
 *           so that programs can build at the same time */
export async function buildPage(): Promise<string> {
  const folder = path.join(cacheFolder, await hashSources());
  if (existsSync(path.join(folder, 'index.html'))) return folder;
  const aside = `${folder}.${process.pid}.part`;
  await mkdir(aside, { recursive: true });
  try {
    // A separate process frees the bundler's memory and sets NODE_ENV for this build only.
    const env = { ...process.env, NODE_ENV: 'production' };
    await promisify(execFile)(process.execPath, [import.meta.filename, aside], { env, timeout: buildMaxMs });
    await rename(aside, folder).catch((error: unknown) => {
      // Another program was faster.
      if (!existsSync(path.join(folder, 'index.html'))) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  await removeOld(folder);
  return folder;
}

async function build(outDir: string): Promise<void> {
  const [vite, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')]);
  await vite.build({
    configFile: false,
    envDir: false,
    root: path.join(here, 'page'),
    base: '/app/',
    cacheDir: path.join(cacheFolder, 'vite'),
    logLevel: 'error',
    plugins: [react()],
    build: {
      ...{ outDir, emptyOutDir: true, assetsDir: '', target: 'es2023', reportCompressedSize: false },
      // The server's policy for content allows neither inline scripts nor inlined assets.
      ...{ modulePreload: false, assetsInlineLimit: 0 },
    },
  });
  for (const name of await readdir(outDir)) {
    const packed = await promisify(gzip)(await readFile(path.join(outDir, name)), {
      level: constants.Z_BEST_COMPRESSION,
    });
    await writeFile(path.join(outDir, `${name}.gz`), packed);
  }
}

async function hashSources(): Promise<string> {
  const root = path.dirname(here);
  const hash = createHash('sha256');
  for (const name of globSync(sourcePatterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort())
    hash
      .update(`${name}\0`)
      .update(await readFile(path.join(root, name)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(current: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const folder = path.join(cacheFolder, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (folder !== current && Date.now() - mtimeMs > keptForMs) await rm(folder, { recursive: true, force: true });
  }
}

// With a folder: the build itself, which buildPage starts. Without: for images, whose programs cannot write here.
if (import.meta.main) await (process.argv[2] ? build(path.resolve(process.argv[2])) : buildPage());
