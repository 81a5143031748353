/** The queries of the benchmark's users: music of the sample library, as distinct mp3 files. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @param files of the library, concatenated, from `startSec` of the first
 *  @returns an mp3 of that length */
export async function makeClip(files: readonly string[], durationSec: number, startSec: number): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-clip-'));
  try {
    const file = path.join(folder, 'clip.mp3');
    const inputs = files.flatMap((name, nth) => [
      ...(nth === 0 ? ['-ss', String(startSec)] : []),
      '-i',
      `file:${name}`,
    ]);
    const joined = files.map((_, nth) => `[${nth}:a:0]aresample=44100[a${nth}]`).join(';');
    const concat = `${joined};${files.map((_, nth) => `[a${nth}]`).join('')}concat=n=${files.length}:v=0:a=1[out]`;
    const output = ['-map', '[out]', '-t', String(durationSec), '-map_metadata', '-1', '-b:a', '192k', `file:${file}`];
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...inputs, '-filter_complex', concat, ...output]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same sound with other bytes (an ID3v1 tag at the end), so that the bot does not answer from its cache.
 *  @see https://id3.org/ID3v1 */
export function tagged(clip: Buffer, number: number): Buffer {
  const tag = Buffer.alloc(128);
  tag.write(`TAGclip ${number}`, 'latin1');
  return Buffer.concat([clip, tag]);
}

/** Shorter files are jingles of some seconds. */
const longRecordingBytes = 2_000_000;

/** Excerpts of different recordings, all of the same length. */
export async function makeClips(files: readonly string[], count: number, durationSec: number): Promise<Buffer[]> {
  const long = files.filter((file) => statSync(file).size > longRecordingBytes);
  const clips: Buffer[] = [];
  for (let nth = 0; nth < count; nth++) {
    const file = long[Math.floor((nth * long.length) / count)] ?? '';
    clips.push(await makeClip([file], durationSec, 10 + nth));
  }
  return clips;
}
