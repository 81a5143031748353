/** The clips of a pub and a concert hall: the first of their class in the non-music half. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { BenchOptions } from '../options.ts';

const clipList = z.object({ clips: z.array(z.object({ file: z.string(), class: z.string() })) });

export function noiseFiles({ benchDir }: BenchOptions): Record<'crowd' | 'applause', string> {
  const { clips } = clipList.parse(JSON.parse(readFileSync(join(benchDir, 'nonmusic.json'), 'utf8')));
  const first = (kind: string): string => {
    const clip = clips.find((entry) => entry.class === kind);
    if (!clip) throw new Error(`Cannot add noise: expected a clip of class ${kind} in nonmusic.json, got none`);
    return join(benchDir, clip.file);
  };
  return { crowd: first('crowd'), applause: first('applause') };
}
