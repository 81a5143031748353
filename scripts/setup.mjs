/** Brings what a fresh Debian or Ubuntu machine lacks, and is instant when nothing is missing.
 *
 *  Runs before every npm script, on whatever Node the host has (20 or newer), and so imports nothing but Node itself.
 *  In order: packages (npm install), Node 24 for this folder, ffmpeg, the faiss-node binding, for the demo the sample
 *  library, for the tests a browser, and for the tests of the training a Python environment. What needs root is done by apt where we are root; otherwise the exact command is printed and we stop with
 *  exit code 1. A stamp in node_modules remembers what was proven to work, so that later runs only look at files.
 *
 *  Usage: node scripts/setup.mjs [--sample-library] [--browser] [--training]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(root, ...parts);
const stampPath = at('node_modules', '.leitmotif-setup.json');
const bindingPath = at('node_modules/faiss-node/build/Release/faiss-node.node');
const nodeMajorMin = 24;
const prebuildTimeoutMs = 60_000;
const wantsSampleLibrary = process.argv.includes('--sample-library');
const wantsBrowser = process.argv.includes('--browser');
const wantsTraining = process.argv.includes('--training');
const isRoot = process.getuid?.() === 0;

/** Set-up speaks on stderr: stdout belongs to the command that follows, whose output may be JSON. */
const say = (text) => process.stderr.write(`${text}\n`);

class SetupError extends Error {}

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
}

function tail(result, lines = 15) {
  const text = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? String(result.error) : ''}`.trim();
  return text.split('\n').slice(-lines).join('\n');
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
}

function installPackages(stamp, hash) {
  if (stamp.lock === hash && existsSync(at('node_modules/zod'))) return false;
  say('Set-up: installing packages ...');
  // Not `npm ci`: it refuses a lock file without the binaries of platforms that nobody here has.
  const result = run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  if (result.status !== 0) {
    throw new SetupError(`Cannot install the packages: npm failed.\n${tail(result)}\nIs the npm registry in reach?`);
  }
  return true;
}

function nodeMajorOf(binary) {
  const result = run(binary, ['--version']);
  return result.status === 0 ? Number(/^v(\d+)/.exec(result.stdout)?.[1] ?? 0) : 0;
}

/** The npm package `node` holds a small script that fetches the binary for this platform from the same registry; with
 *  its bin linked into node_modules/.bin, npm scripts find it first on their PATH. The host's own Node is untouched. */
function installNode() {
  const local = at('node_modules/.bin/node');
  if (existsSync(local) && nodeMajorOf(local) >= nodeMajorMin) return;
  if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) return;
  say(`Set-up: the host has Node ${process.versions.node}; installing Node ${nodeMajorMin} for this folder ...`);
  const fetched = run(process.execPath, ['installArchSpecificPackage.js'], { cwd: at('node_modules/node') });
  const linked = run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  if (!existsSync(local) || nodeMajorOf(local) < nodeMajorMin) {
    throw new SetupError(
      `Cannot install Node ${nodeMajorMin} for this folder.\n${tail(fetched)}\n${tail(linked)}\n` +
        `Install Node ${nodeMajorMin} on this machine, or make the npm registry reachable, and run this again.`,
    );
  }
}

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
let aptUpdated = false;

/** Once a run, and only where it may: package lists of a fresh machine are empty. */
function aptUpdate() {
  if (!aptUpdated && isRoot && onPath('apt-get')) run('apt-get', ['update'], { env: aptEnvironment });
  aptUpdated = true;
}

/** Installs Debian packages, or names the command for whoever may. */
function aptInstall(packages, why) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!onPath('apt-get')) {
    throw new SetupError(
      `Missing: ${why}. This machine has no apt-get; install what these packages hold: ${packages.join(' ')}`,
    );
  }
  if (!isRoot) {
    throw new SetupError(`Missing: ${why}. Run this, then try again:\n\n    sudo sh -c '${command}'\n`);
  }
  say(`Set-up: installing ${packages.join(', ')} with apt (${why}) ...`);
  aptUpdate();
  const result = run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env: aptEnvironment });
  if (result.status !== 0) {
    throw new SetupError(`Cannot install ${packages.join(', ')}:\n${tail(result)}\nRun it by hand: ${command}`);
  }
}

function missingFfmpeg() {
  return onPath('ffmpeg') && onPath('ffprobe') ? [] : ['ffmpeg'];
}

/** The page is tested in a real browser; CHROMIUM_PATH names one that is elsewhere. */
function missingBrowser() {
  if (!wantsBrowser || process.env.CHROMIUM_PATH) return [];
  return ['chromium', 'chromium-browser', 'google-chrome'].some(onPath) ? [] : ['chromium'];
}

/** Proves in a process of its own that the binding loads and searches: a bad one would take this process along. */
function bindingWorks() {
  if (!existsSync(bindingPath)) return false;
  const proof =
    "const {IndexFlatIP}=require('faiss-node');const i=new IndexFlatIP(2);i.add([1,0,0,1]);" +
    'process.exit(i.search([0,1],1).labels[0]===1?0:1)';
  const node = existsSync(at('node_modules/.bin/node')) ? at('node_modules/.bin/node') : process.execPath;
  return run(node, ['-e', proof]).status === 0;
}

function downloadBinding() {
  // As the package's own install script begins. Where its release page is out of reach this fails, or hangs: the limit.
  const result = run(at('node_modules/.bin/prebuild-install'), ['--runtime', 'napi'], {
    cwd: at('node_modules/faiss-node'),
    timeout: prebuildTimeoutMs,
  });
  return result.status === 0 && bindingWorks();
}

/** Scores are rendered with it. */
function missingSynthesizer() {
  if (!wantsTraining) return [];
  const has = {
    fluidsynth: Boolean(onPath('fluidsynth')),
    'timgm6mb-soundfont': existsSync('/usr/share/sounds/sf2/TimGM6mb.sf2'),
  };
  return Object.keys(has).filter((name) => !has[name]);
}

/** A Python environment for this folder, in the cache, with what training/requirements.txt names. */
function installTraining(stamp) {
  const environment = at('.cache/training-python');
  const requirements = readFileSync(at('training/requirements.txt'));
  const hash = createHash('sha256').update(requirements).digest('hex');
  if (stamp.training === hash && existsSync(path.join(environment, 'bin/python'))) return hash;
  say(
    'Set-up: installing what the training needs (PyTorch: minutes, and gigabytes where no build for CPUs is at hand) ...',
  );
  if (!onPath('python3')) throw new SetupError('Missing: python3, 3.11 or newer, with its venv module.');
  if (run('python3', ['-m', 'venv', environment]).status !== 0) {
    aptInstall(['python3-venv'], "the training's Python environment");
    const made = run('python3', ['-m', 'venv', '--clear', environment]);
    if (made.status !== 0) throw new SetupError(`Cannot make a Python environment:\n${tail(made)}`);
  }
  const pip = run(path.join(environment, 'bin/pip'), ['install', '-q', '-r', at('training/requirements.txt')]);
  if (pip.status !== 0) throw new SetupError(`Cannot install training/requirements.txt:\n${tail(pip)}`);
  return hash;
}

const buildPackages = ['libfaiss-dev', 'libopenblas-dev', 'g++'];
const reasons = {
  fluidsynth: 'rendering scores',
  'timgm6mb-soundfont': 'their sound',
  ffmpeg: 'decoding',
  chromium: 'testing the page',
  'libfaiss-dev': 'searching',
  'libopenblas-dev': 'its sums',
  'g++': 'building its binding',
};

function missingBuildPackages() {
  const has = {
    'libfaiss-dev': existsSync('/usr/include/faiss/Index.h'),
    'libopenblas-dev': run('sh', ['-c', 'ls /usr/lib/*/libopenblas.so /usr/lib/libopenblas.so']).stdout.trim() !== '',
    'g++': Boolean(onPath('g++')),
  };
  return buildPackages.filter((name) => !has[name]);
}

/** Compiles the one source file that the npm package ships against the distribution's FAISS. */
function compileBinding() {
  say('Set-up: compiling the faiss-node binding against the system FAISS ...');
  mkdirSync(path.dirname(bindingPath), { recursive: true });
  const args = [
    ...['-std=c++17', '-O3', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS'],
    ...['-include', at('scripts/faiss-shim.h')],
    ...[`-I${at('node_modules/node-api-headers/include')}`, `-I${at('node_modules/node-addon-api')}`],
    ...[at('node_modules/faiss-node/src/faiss.cc'), '-o', bindingPath],
    ...['-lfaiss', '-lopenblas', '-fopenmp'],
  ];
  const result = run('g++', args);
  if (result.status !== 0 || !bindingWorks()) {
    throw new SetupError(
      `Cannot build the faiss-node binding:\n${tail(result)}\nIt needs: ${buildPackages.join(', ')}`,
    );
  }
}

/** The folder of the sample library's music, if its package is installed. The version in the path changes. */
function sampleLibraryFolder() {
  const base = '/usr/share/games/wesnoth';
  if (!existsSync(base)) return undefined;
  const folders = readdirSync(base).map((version) => path.join(base, version, 'data/core/music'));
  return folders.filter((folder) => existsSync(folder)).at(-1);
}

function installSampleLibrary() {
  if (sampleLibraryFolder()) return;
  aptUpdate();
  const found = run('apt-cache', ['search', '-n', '^wesnoth-.*-music$']).stdout ?? '';
  const names = [...found.matchAll(/^(wesnoth-\S+-music) /gm)].map((match) => match[1]);
  aptInstall([names.sort().at(-1) ?? 'wesnoth-1.16-music'], 'the sample library, 2 hours of orchestral music (GPL-2+)');
}

function setUp() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old to begin with: install Node 20 or newer.`);
  }
  if (!existsSync(at('package-lock.json'))) throw new SetupError(`Cannot set up: no package-lock.json in ${root}`);
  const stamp = readStamp();
  const hash = lockHash();
  const fresh = installPackages(stamp, hash);
  if (fresh || !stamp.node) installNode();
  const bindingKnown = !fresh && stamp.binding && existsSync(bindingPath);
  const bindingReady = bindingKnown || bindingWorks() || downloadBinding();
  // One apt command for everything that is missing, so that whoever must type it types it once.
  const missing = [
    ...missingFfmpeg(),
    ...missingBrowser(),
    ...missingSynthesizer(),
    ...(bindingReady ? [] : missingBuildPackages()),
  ];
  if (missing.length > 0) aptInstall(missing, missing.map((name) => reasons[name]).join(', '));
  if (!bindingReady) compileBinding();
  if (wantsSampleLibrary) installSampleLibrary();
  const training = wantsTraining ? installTraining(stamp) : stamp.training;
  if (fresh || !bindingKnown || !stamp.node || training !== stamp.training) {
    writeFileSync(stampPath, JSON.stringify({ lock: hash, node: true, binding: true, training }));
    say('Set-up: done.');
  }
}

try {
  setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(`\n${error.message}`);
  process.exitCode = 1;
}
