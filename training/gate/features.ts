/** Measures what the gate's head reads, for training it, by the product's own code.
 *
 *    node training/gate/features.ts DIR
 *
 *  DIR holds what `sounds.py` wrote. Adds DIR/features.f32, float32, a row a moment: the line in sounds.jsonl, the
 *  window, the moment, 1 where it is too quiet to be judged, and the features; and their names, DIR/features.json.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cutWindows } from '../../src/audio/chunk.ts';
import { featureNames } from '../../src/audio/gate/features.ts';
import { gateRateHz } from '../../src/audio/gate/frames.ts';
import { silenceDb } from '../../src/audio/gate/levels.ts';
import { measureWindow } from '../../src/audio/gate/moments.ts';

interface Sound {
  readonly offset: number;
  readonly length: number;
  readonly windowSec: number;
}

async function writeFeatures(dir: string): Promise<void> {
  const lines = (await readFile(path.join(dir, 'sounds.jsonl'), 'utf8')).split('\n').filter(Boolean);
  await using sounds = await open(path.join(dir, 'sounds.i16'));
  const out = createWriteStream(path.join(dir, 'features.f32'));
  for (const [line, text] of lines.entries()) {
    const { offset, length, windowSec } = JSON.parse(text) as Sound;
    const { buffer } = await sounds.read(Buffer.alloc(2 * length), 0, 2 * length, 2 * offset);
    const pcm = Float32Array.from({ length }, (_, i) => buffer.readInt16LE(2 * i) / 32_768);
    const whole = (async function* () {
      yield pcm;
    })();
    for await (const { span, samples } of cutWindows(whole, { sampleRateHz: gateRateHz, windowSec, startSec: 0 })) {
      const { moments } = measureWindow(samples, gateRateHz);
      const rows = moments.flatMap(({ features, loudDb }, moment) => [
        ...[line, span.index, moment, features === null || loudDb < silenceDb ? 1 : 0],
        ...(features ?? new Float64Array(featureNames.length)),
      ]);
      if (!out.write(Buffer.from(Float32Array.from(rows).buffer))) await once(out, 'drain');
    }
  }
  out.end();
  await once(out, 'close');
  await writeFile(path.join(dir, 'features.json'), JSON.stringify(featureNames));
}

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('Cannot measure: expected the folder that sounds.py wrote, got none');
await writeFeatures(dir);
