/** Sounds for tests, made by ffmpeg or by code. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** @param source a lavfi source, for example `sine=440:duration=5`
 *  @param name its extension decides the format */
export function makeSound(dir: string, name: string, source: string, ...options: string[]): string {
  const file = path.join(dir, name);
  const args = ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...options, `file:${file}`];
  execFileSync('ffmpeg', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return file;
}

/** A chord that changes every second, so that all windows differ. */
export function chords(durationSec: number): string {
  const f = '220*pow(2,mod(floor(t)*7,12)/12)';
  return `aevalsrc=0.2*sin(2*PI*${f}*t)+0.15*sin(2*PI*1.5*${f}*t)+0.1*sin(2*PI*2*${f}*t):s=16000:d=${durationSec}`.replaceAll(
    ',',
    '\\,',
  );
}

/** 16-bit mono wav with these samples, at 16 kHz. */
export function writeWav(file: string, samples: Float32Array): string {
  const sampleRateHz = 16_000;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length * 2, 40);
  const pcm = Int16Array.from(samples, (value) => Math.round(Math.max(-1, Math.min(1, value)) * 32_767));
  writeFileSync(file, Buffer.concat([header, Buffer.from(pcm.buffer)]));
  return file;
}
