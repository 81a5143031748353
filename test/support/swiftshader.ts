/** A Vulkan in software, for tests of WebGPU on machines without a GPU: SwiftShader, as @sparticuz/chromium brings it,
 *  with a loader of its own, so that nothing has to be installed. Slow: for what is computed, not for how fast. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const archive = path.resolve(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin/swiftshader.tar.br');

/** What it is built for. */
export const swiftShaderRuns = process.platform === 'linux' && process.arch === 'x64';

/** Processes that are started from now on find it, and no other Vulkan.
 *  @returns takes it away again */
export function useSwiftShader(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'swiftshader-'));
  execFileSync('tar', ['-x', '-C', folder], { input: brotliDecompressSync(readFileSync(archive)) });
  const { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: drivers } = process.env;
  process.env.LD_LIBRARY_PATH = libraries ? `${folder}:${libraries}` : folder;
  process.env.VK_ICD_FILENAMES = path.join(folder, 'vk_swiftshader_icd.json');
  return () => {
    restore('LD_LIBRARY_PATH', libraries);
    restore('VK_ICD_FILENAMES', drivers);
    rmSync(folder, { recursive: true, force: true });
  };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
