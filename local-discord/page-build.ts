/** Builds the page of the local Discord, unless the same sources were built before. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const sourceFolder = path.join(import.meta.dirname, 'page');
const cacheFolder = path.join(import.meta.dirname, 'node_modules/.cache/page');
/** Another program may still serve a page that was built from older sources. */
const keptForMs = 24 * 3_600_000;
/** A build takes about a second. */
const buildMaxMs = 120_000;

/** @returns the folder with index.html. Each state of the sources has its own folder, so that programs can build at the same
 *           time */
export async function buildPage(): Promise<string> {
  const folder = path.join(cacheFolder, await hashSources());
  if (existsSync(path.join(folder, 'index.html'))) return folder;
  const aside = `${folder}.${process.pid}.part`;
  await mkdir(aside, { recursive: true });
  try {
    await runVite(aside);
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

/** Runs in a separate process, which frees the bundler's memory and sets NODE_ENV for this build only. */
async function runVite(outDir: string): Promise<void> {
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [import.meta.filename, outDir], { env, timeout: buildMaxMs });
}

async function build(outDir: string): Promise<void> {
  const [vite, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')]);
  await vite.build({
    configFile: false,
    envDir: false,
    root: sourceFolder,
    base: './',
    cacheDir: path.join(cacheFolder, 'vite'),
    logLevel: 'error',
    plugins: [react()],
    build: { outDir, emptyOutDir: true, target: 'es2023', modulePreload: false, reportCompressedSize: false },
  });
}

/** Hashes everything that the built page depends on. The lock file is that of the project that contains this package. */
async function hashSources(): Promise<string> {
  const sources = globSync('**/*', { cwd: sourceFolder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  const shared = ['page-build.ts', 'page-protocol.ts', 'server/file-types.ts'].map((name) =>
    path.join(import.meta.dirname, name),
  );
  const locks = ['package.json', '../package-lock.json']
    .map((name) => path.join(import.meta.dirname, name))
    .filter((file) => existsSync(file));
  for (const file of [...sources, ...shared, ...locks]) {
    hash
      .update(`${path.relative(import.meta.dirname, file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(current: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const folder = path.join(cacheFolder, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (folder !== current && Date.now() - mtimeMs > keptForMs) await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await build(path.resolve(process.argv[2] ?? 'page'));
