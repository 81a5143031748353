/** Finds missing packages outside npm by their files. Root installs them with apt; other users get one command to run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRoot, onPath, run, SetupError, say, tail } from './common.mjs';

const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

export const buildPackages = ['libfaiss-dev', 'libopenblas-dev', 'g++'];

/** Packages by purpose. `missing` returns package names. */
const tasks = {
  ffmpeg: {
    why: 'to read recordings and cut clips',
    missing: () => (onPath('ffmpeg') && onPath('ffprobe') ? [] : ['ffmpeg']),
  },
  faiss: {
    why: 'to search: FAISS, and a compiler that builds its binding once',
    missing: () => missingBuildPackages(),
  },
  'sample-library': {
    why: 'the sample library: two hours of orchestral music (GPL-2+)',
    missing: () => (hasSampleLibrary() ? [] : [sampleLibraryPackage()]),
  },
  browser: {
    why: "to test the demo's page in a browser (CHROMIUM_PATH names one that is elsewhere)",
    missing: () => (hasBrowser() ? [] : ['chromium']),
  },
  training: {
    why: 'to render scores and voices for the training',
    missing: () => [
      ...['fluidsynth', 'espeak-ng'].filter((program) => !onPath(program)),
      ...(existsSync('/usr/share/sounds/sf2/TimGM6mb.sf2') ? [] : ['timgm6mb-soundfont']),
    ],
  },
};

/** @param names of tasks
 *  @returns tasks with missing packages */
export function missingOf(names) {
  return names
    .map((name) => ({ ...tasks[name], packages: tasks[name].missing() }))
    .filter(({ packages }) => packages[0]);
}

/** @param missing as missingOf returns it
 *  @param program its name, for messages
 *  @param later missing packages of other programs */
export function install(missing, program, later = []) {
  if (missing.length === 0) return;
  const packages = missing.flatMap((task) => task.packages);
  if (!onPath('apt-get')) {
    throw new SetupError(
      `Missing for \`npm run ${program}\`, on a machine without apt-get:\n${listOf(missing)}\n` +
        'Install the equivalents of these Debian packages, and run this again.',
    );
  }
  if (!isRoot)
    throw new SetupError(`Missing for \`npm run ${program}\`:\n${listOf(missing)}\n\n${adviceFor(packages, later)}`);
  say(`Set-up: installing with apt:\n${listOf(missing)}`);
  aptUpdate();
  const result = run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env: environment });
  if (result.status !== 0) {
    throw new SetupError(
      `Cannot install ${packages.join(', ')}:\n${tail(result)}\nRun it by hand: ${commandFor(packages)}`,
    );
  }
}

/** The command to install them, for users other than root. */
function adviceFor(packages, later) {
  const more = later.flatMap((task) => task.packages).filter((name) => !packages.includes(name));
  return (
    `Run this as root, or ask an administrator to, then try again:\n\n    sudo sh -c '${commandFor(packages)}'\n` +
    (more.length > 0 ? `\n\`npm test\` also needs: ${more.join(' ')}\n` : '')
  );
}

function listOf(missing) {
  return missing.map(({ packages, why }) => `  ${packages.join(' ').padEnd(36)} ${why}`).join('\n');
}

function commandFor(packages) {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

let isUpdated = false;

/** Once per run: a fresh machine has no package lists. */
function aptUpdate() {
  if (!isUpdated) run('apt-get', ['update'], { env: environment });
  isUpdated = true;
}

function missingBuildPackages() {
  const libraries = readdirSafely('/usr/lib').map((name) => path.join('/usr/lib', name, 'libopenblas.so'));
  const has = {
    'libfaiss-dev': existsSync('/usr/include/faiss/Index.h'),
    'libopenblas-dev': ['/usr/lib/libopenblas.so', ...libraries].some((file) => existsSync(file)),
    'g++': Boolean(onPath('g++')),
  };
  return buildPackages.filter((name) => !has[name]);
}

function hasBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return Boolean(process.env.CHROMIUM_PATH) || names.some(onPath);
}

const wesnoth = '/usr/share/games/wesnoth';

/** The path contains the version. */
function hasSampleLibrary() {
  return readdirSafely(wesnoth).some((version) => existsSync(path.join(wesnoth, version, 'data/core/music')));
}

/** For releases with empty package lists. @see https://packages.debian.org/wesnoth-music */
const wesnothOfRelease = {
  'debian 11': '1.14',
  'debian 12': '1.16',
  'debian 13': '1.18',
  'ubuntu 22.04': '1.16',
  'ubuntu 24.04': '1.16',
};

/** The newest package in apt's lists. Without lists the one of the release, else the package that depends on the newest.
 *  @param release the text of os-release(5) */
export function sampleLibraryPackage(listed = listedPackages(), release = readTextSafely('/etc/os-release')) {
  const newest = listed.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest !== undefined) return newest;
  const fieldOf = (name) => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(release)?.[1] ?? '';
  const version = wesnothOfRelease[`${fieldOf('ID')} ${fieldOf('VERSION_ID')}`];
  return version === undefined ? 'wesnoth-music' : `wesnoth-${version}-music`;
}

function listedPackages() {
  if (isRoot && onPath('apt-get') && !hasLists()) aptUpdate();
  const found = run('apt-cache', ['search', '-n', '^wesnoth-.*-music$']).stdout ?? '';
  return [...found.matchAll(/^(wesnoth-[\d.]+-music) /gm)].map((match) => match[1]);
}

function hasLists() {
  return readdirSafely('/var/lib/apt/lists').some((name) => name.endsWith('Packages') || name.includes('Packages.'));
}

function readdirSafely(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readTextSafely(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
