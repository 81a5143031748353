/** The launcher and the set-up on machines of new users: another Node on the PATH, no root, missing packages. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const launcher = path.join(root, 'scripts/leitmotif');
/** A user id other than root's. */
const nobody = 65_534;
const stranger = process.getuid?.() === 0 ? nobody : undefined;

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, uid?: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd: tmpdir(), ...(uid === undefined ? {} : { uid, gid: uid }) });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(path.join(tmpdir(), 'leitmotif-setup-'));
  await chmod(bin, 0o755);
});

afterEach(() => rm(bin, { recursive: true }));

/** A `node` that reports this version and runs everything on the current Node. */
async function oldNode(version: string): Promise<string> {
  const preload = path.join(bin, 'version.cjs');
  const versions = `{ ...process.versions, node: '${version}' }`;
  await writeFile(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  // Refuses TypeScript like Node 20 does.
  const refuse = 'for word; do case $word in *.ts) echo ERR_UNKNOWN_FILE_EXTENSION >&2; exit 1 ;; esac; done';
  const script = `#!/bin/sh\n${refuse}\nexec '${process.execPath}' --require '${preload}' "$@"\n`;
  await writeFile(path.join(bin, 'node'), script, { mode: 0o755 });
  return `${bin}:${process.env.PATH}`;
}

/** The part of the project that the set-up needs, without packages. */
async function bareClone(): Promise<string> {
  const clone = path.join(bin, 'clone');
  await mkdir(clone);
  for (const part of ['scripts', 'package.json', 'package-lock.json', '.npmrc']) {
    await cp(path.join(root, part), path.join(clone, part), { recursive: true });
  }
  await chmod(clone, 0o755);
  return clone;
}

describe('the launcher', () => {
  test('starts the program without output of its own when nothing is missing', async () => {
    const { code, stdout, stderr } = await run(launcher, ['similar', '--version'], process.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  const hasOwnNode = existsSync(path.join(root, 'node_modules/node/bin/node'));
  test.runIf(hasOwnNode).each(['20.20.2', '22.23.5'])(
    "starts the folder's own Node where the PATH begins with Node %s",
    async (version) => {
      const env = { ...process.env, PATH: await oldNode(version) };
      const { code, stdout, stderr } = await run(launcher, ['models', 'list', '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'builtin' }));
    },
  );

  test.each(['12.22.0', '16.20.2', '18.20.8'])('refuses Node %s in one line', async (version) => {
    const env = { ...process.env, PATH: await oldNode(version) };
    const { code, stdout, stderr } = await run(launcher, ['demo'], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`Node ${version} is too old: install Node 20 or newer, and run this again.\n`);
  });

  test('lists all programs, and refuses an unknown one', async () => {
    const help = await run(launcher, ['help'], process.env);
    expect(help.code).toBe(0);
    for (const name of ['demo', 'start', 'index', 'similar', 'test', 'check']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name} +\\S.{5}`, 'm'));
    }
    const unknown = await run(launcher, ['demmo'], process.env);
    expect(unknown).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Unknown program "demmo"'),
    });
    // If set-up ignored a mistyped name, its user would believe that the package is installed.
    expect(await run(launcher, ['setup', 'demo', '--browser'], process.env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Unknown program "--browser"'),
    });
  });

  test('passes arguments on unchanged', async () => {
    const { code, stderr } = await run(launcher, ['similar', "a b'c $HOME \\.mp3", '--from', 'x"y'], process.env);
    expect(code).not.toBe(0);
    expect(stderr).toContain('x"y');
  });

  test('works through a link, as with npx', async () => {
    const link = path.join(bin, 'leitmotif');
    await symlink(launcher, link);
    expect((await run(link, ['--version'], process.env)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('without root', () => {
  /** A machine with only a shell, Node and apt. */
  async function bareMachine(): Promise<NodeJS.ProcessEnv> {
    for (const [name, target] of [
      ['sh', '/bin/sh'],
      ['node', process.execPath],
      ['readlink', '/usr/bin/readlink'],
    ]) {
      await symlink(target ?? '', path.join(bin, name ?? ''));
    }
    for (const name of ['apt-get', 'apt-cache']) {
      await writeFile(path.join(bin, name), '#!/bin/sh\nexit 99\n', { mode: 0o755 });
    }
    await writeFile(path.join(bin, 'npm'), '#!/bin/sh\necho npm was started >&2\nexit 1\n', { mode: 0o755 });
    return { PATH: bin, HOME: bin };
  }

  test('lists all missing packages in one command, by task, before npm starts', async () => {
    const env = await bareMachine();
    const { code, stdout, stderr } = await run(
      path.join(await bareClone(), 'scripts/leitmotif'),
      ['demo'],
      env,
      stranger,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^ {2}ffmpeg +to read recordings/m);
    expect(
      stderr.match(/sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ffmpeg[^']*'/g),
    ).toHaveLength(1);
    expect(stderr).not.toContain('npm was started');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('also lists the browser for the tests', async () => {
    const env = await bareMachine();
    const { stderr } = await run(path.join(await bareClone(), 'scripts/leitmotif'), ['test'], env, stranger);
    expect(stderr).toMatch(/install -y --no-install-recommends ffmpeg [^']*chromium/);
  });

  test('names the folder that npm cannot write', async () => {
    const env = { ...(await bareMachine()), PATH: `${bin}:${process.env.PATH}` };
    const refused = 'npm error code EACCES\\nnpm error syscall mkdir\\nnpm error path /nowhere/.npm/_cacache\\n';
    await writeFile(path.join(bin, 'npm'), `#!/bin/sh\nprintf '${refused}' >&2\nexit 243\n`, { mode: 0o755 });
    const { code, stderr } = await run(path.join(await bareClone(), 'scripts/leitmotif'), ['models'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('npm cannot write /nowhere/.npm/_cacache');
    expect(stderr).toContain('npm_config_cache=');
    expect(stderr).not.toContain('registry');
  });
});

describe('the packages', () => {
  /** An `npm` that records its arguments. */
  async function askedOfNpm(program: string, extra: NodeJS.ProcessEnv): Promise<string> {
    const asked = path.join(bin, 'asked');
    await writeFile(path.join(bin, 'npm'), `#!/bin/sh\necho "$@" >&2\nexit 1\n`, { mode: 0o755 });
    await writeFile(asked, '');
    const env = { ...process.env, ...extra, PATH: `${bin}:${process.env.PATH}` };
    return (await run(path.join(await bareClone(), 'scripts/leitmotif'), [program], env)).stderr;
  }

  test('exclude those of tests when running', async () => {
    expect(await askedOfNpm('models', {})).toMatch(/\binstall --omit=dev\b/);
  });

  test('include those of tests when testing, also with NODE_ENV=production', async () => {
    const production = { NODE_ENV: 'production', npm_config_omit: 'dev', CHROMIUM_PATH: '/bin/true' };
    expect(await askedOfNpm('check', production)).toMatch(/\binstall --include=dev\b/);
  });
});

describe("the sample library's package", () => {
  const releaseOf = (id: string, version: string) => `PRETTY_NAME="x"\nID=${id}\nVERSION_ID="${version}"\n`;

  test.each([
    ['debian', '12', 'wesnoth-1.16-music'],
    ['debian', '13', 'wesnoth-1.18-music'],
    ['ubuntu', '24.04', 'wesnoth-1.16-music'],
    ['debian', '99', 'wesnoth-music'],
  ])('of %s %s, where apt has no lists, is %s', async (id, version, name) => {
    const { sampleLibraryPackage } = await import('../../scripts/setup/apt.mjs');
    expect(sampleLibraryPackage([], releaseOf(id, version))).toBe(name);
  });

  test('is the newest in the lists of apt', async () => {
    const { sampleLibraryPackage } = await import('../../scripts/setup/apt.mjs');
    const listed = ['wesnoth-1.9-music', 'wesnoth-1.18-music', 'wesnoth-1.16-music'];
    expect(sampleLibraryPackage(listed, '')).toBe('wesnoth-1.18-music');
  });
});
