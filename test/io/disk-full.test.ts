/** Full disks: the real errors of the system where they can be provoked without a mount. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LeitmotifError, toLeitmotifError } from '../../src/errors.ts';
import { withDiskFullError } from '../../src/io/disk-full.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-disk-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!existsSync('/dev/full'))('names the file on a device without space (ENOSPC)', async () => {
  const writing = withDiskFullError('/music/a.mp3', () => writeFile('/dev/full', 'some bytes'));
  await expect(writing).rejects.toMatchObject({ code: 'disk-full', message: expect.stringMatching(/a\.mp3.*ENOSPC/) });
});

test('treats the limit of file sizes as a full disk (EFBIG)', () => {
  const errors = path.resolve(import.meta.dirname, '../../src/errors.ts');
  const program =
    `const { toLeitmotifError } = await import(${JSON.stringify(errors)});` +
    `const { writeFileSync } = await import('node:fs'); process.on('SIGXFSZ', () => {});` +
    `try { writeFileSync('big', Buffer.alloc(1e6)); } catch (error) { console.log(error.code, toLeitmotifError(error).code); }`;
  const script = 'ulimit -f 64; exec "$NODE" --input-type=module -e "$PROGRAM"';
  const env = { ...process.env, NODE: process.execPath, PROGRAM: program };
  expect(spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', env }).stdout).toBe('EFBIG disk-full\n');
});

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('reports %s without a file as disk-full too', (code) => {
  expect(toLeitmotifError(Object.assign(new Error('write'), { code })).code).toBe('disk-full');
});

test('passes other errors on unchanged', async () => {
  const missing = writeFile(path.join(folder, 'no-folder/a'), '');
  await expect(withDiskFullError('a', () => missing)).rejects.toMatchObject({ code: 'ENOENT' });
  const known = new LeitmotifError('cancelled', 'x', { cause: Object.assign(new Error('write'), { code: 'ENOSPC' }) });
  await expect(withDiskFullError('a', () => Promise.reject(known))).rejects.toBe(known);
});
