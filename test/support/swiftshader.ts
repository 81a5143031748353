/** A software Vulkan for tests of WebGPU on machines without a GPU: SwiftShader from @sparticuz/chromium with its own loader,
 *  so that nothing must be installed. It is slow, so it shows correctness and not speed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const archive = path.resolve(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin/swiftshader.tar.br');

/** The platform that it is built for. */
export const swiftShaderRuns = process.platform === 'linux' && process.arch === 'x64';

/** Makes processes started from now on use it, and no other Vulkan.
 *  @returns a function that undoes this */
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
