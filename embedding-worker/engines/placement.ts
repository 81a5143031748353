/** Finds the device that really ran a graph. ONNX Runtime silently runs nodes without a GPU kernel on the CPU, so a session
 *  "on the GPU" may compute everything on the CPU. The profile of a run shows it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface ProfileEvent {
  readonly cat?: string;
  readonly args?: { readonly provider?: string; readonly output_size?: string };
}

/** A folder for the profile of one session. ONNX Runtime gets the prefix of the file's name. */
export function profileFolder(): { readonly prefix: string; readonly read: () => number; readonly remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-profile-'));
  return {
    prefix: path.join(folder, 'run'),
    read: () => gpuShareOf(readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Measured in output bytes. Not in nodes: nearly half of CLAP's compute a few shapes, which ONNX Runtime deliberately runs on
 *  the CPU. Not in time: a GPU still works after the node is recorded as finished.
 *
 *  @param profiles as ONNX Runtime writes them, JSON arrays of events
 *  @returns in [0, 1]; 0 if nothing ran */
export function gpuShareOf(profiles: readonly string[]): number {
  let [onCpu, all] = [0, 0];
  for (const profile of profiles) {
    for (const { cat, args } of JSON.parse(profile) as ProfileEvent[]) {
      if (cat !== 'Node' || args?.provider === undefined) continue;
      const bytes = Number(args.output_size ?? 0);
      all += bytes;
      if (args.provider === 'CPUExecutionProvider') onCpu += bytes;
    }
  }
  return all === 0 ? 0 : 1 - onCpu / all;
}
