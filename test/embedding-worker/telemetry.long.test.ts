/** "Nothing leaves the machine" holds for ONNX Runtime too: no lookup, no device id, no log, in any process that loads it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { startLocalWorker } from '../../src/embedding/local-worker.ts';
import { slowWorkerOptions } from '../embedding/slow-worker.ts';
import { writeWav } from './sounds.ts';

const root = path.resolve(import.meta.dirname, '../..');
const modelsDir = path.join(root, 'embedding-worker/models');
/** The library resolves its collector's name within a second of the first session. */
const sessionOpenMs = 2_500;

/** Writes every name that a process resolves to the file named by LOOKUPS. */
const resolverShim = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  if (FILE* file = fopen(getenv("LOOKUPS"), "a")) { fprintf(file, "%s\\n", node ? node : "-"); fclose(file); }
  auto real = (int (*)(const char*, const char*, const addrinfo*, addrinfo**))dlsym(RTLD_NEXT, "getaddrinfo");
  return real(node, service, hints, found);
}`;

let folder: string;
let shim: string | null = null;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'telemetry-'));
  const [source, library] = [path.join(folder, 'shim.cc'), path.join(folder, 'shim.so')];
  writeFileSync(source, resolverShim);
  // Without a compiler, only the files are checked.
  const made = spawnSync('g++', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  if (made.status === 0) shim = library;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** An empty home and temporary folder, and no environment variable that turns telemetry off. */
function surroundings(name: string) {
  const [home, temporary] = [path.join(folder, name, 'home'), path.join(folder, name, 'tmp')];
  const lookups = path.join(folder, name, 'lookups');
  for (const place of [home, temporary]) mkdirSync(place, { recursive: true });
  const environment = {
    ...{ PATH: process.env.PATH, HOME: home, TMPDIR: temporary, LOOKUPS: lookups },
    ...(shim === null ? {} : { LD_PRELOAD: shim }),
  };
  const traces = () => [
    ...globSync('**/.cache/**/*', { cwd: home }),
    ...globSync('{mat-debug*,.ses}', { cwd: temporary }),
    ...globSync('**/{deviceid,onnxruntime.db}*', { cwd: home }),
    ...(existsSync(lookups) ? readFileSync(lookups, 'utf8').trim().split('\n') : []),
  ];
  return { environment, traces };
}

describe("ONNX Runtime's telemetry", () => {
  test('writes no file and looks up no name in a worker that embeds', async () => {
    const { environment, traces } = surroundings('worker');
    const sound = Float32Array.from({ length: 160_000 }, (_, i) => 0.3 * Math.sin(i / 20));
    const recording = writeWav(path.join(folder, 'sine.wav'), sound);
    const worker = await startLocalWorker({ ...slowWorkerOptions(modelsDir, ['builtin']), environment });
    try {
      const target = { socketPath: worker.socketPath };
      const client = new EmbeddingClient({ target, token: worker.token, model: null, deadlineMs: 60_000 });
      const { chunks } = await client.embed(recording, { signal: new AbortController().signal });
      expect(chunks).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, sessionOpenMs));
      await client.close();
    } finally {
      await worker.close();
    }
    expect(traces()).toEqual([]);
  });

  test('does neither in a program that loads the library itself, as benchmarks and scripts do', () => {
    const { environment, traces } = surroundings('program');
    const program =
      `import { InferenceSession } from '${root}/embedding-worker/engines/onnx-runtime.ts';` +
      `await InferenceSession.create('${modelsDir}/builtin/builtin.onnx');` +
      `setTimeout(() => process.exit(), ${sessionOpenMs});`;
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { env: environment });
    expect(traces()).toEqual([]);
  });
});
