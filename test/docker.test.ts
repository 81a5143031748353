/** Checks the images and compose.yaml against the project without building them; see docs/deploy.md. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { programs } from '../scripts/setup/programs.mjs';
import { variables } from '../src/config/variables.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dockerfiles = ['Dockerfile', 'embedding-worker/Dockerfile.gpu'];
const compose = read('compose.yaml');
const ignored = read('.dockerignore').split('\n');

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Comments gone, continued lines joined. */
function instructionsOf(file: string): Instruction[] {
  const text = read(file)
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '');
  return text.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name && rest ? [{ name, rest }] : [];
  });
}

const named = (file: string, name: string) => instructionsOf(file).filter((instruction) => instruction.name === name);
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
/** Of a JSON command: its words. */
const commandOf = ({ rest }: Instruction): string[] => JSON.parse(rest.slice(rest.indexOf('[')));

/** Not the program's: the shell's, npm's, Node's and ONNX Runtime's own. */
const ofOthers = ['NODE_ENV', 'NODE_COMPILE_CACHE', 'ORT_DISABLE_TELEMETRY', 'npm_config_build_from_source'];
/** Compose's own. */
const ofCompose = ['MILVUS_CLIENT', 'MUSIC_DIR', 'TRITON_MODELS_DIR'];
/** Milvus's own. */
const ofMilvus = ['COMMON_STORAGETYPE', 'DEPLOY_MODE', 'ETCD_CONFIG_PATH', 'ETCD_DATA_DIR', 'ETCD_USE_EMBED'];
/** The downloader's (npm run models), which reads them beside the configuration's. */
const ofHub = ['HF_ENDPOINT', 'HF_TOKEN'];

describe.each(dockerfiles)('%s', (file) => {
  const copied = named(file, 'COPY').filter(({ rest }) => !rest.startsWith('--from='));

  test('copies existing files that .dockerignore does not exclude', () => {
    const sources = copied.flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    expect(sources.length).toBeGreaterThan(4);
    for (const source of sources) {
      expect(existsSync(path.join(root, source)), source).toBe(true);
      expect(ignored).toContain(`!${source}`);
    }
  });

  test('copies only between existing stages', () => {
    const stages = named(file, 'FROM').map(({ rest }) => /^\S+ AS (\S+)$/.exec(rest)?.[1]);
    const from = named(file, 'COPY').flatMap(({ rest }) => all(rest, /^--from=(\S+)/g));
    expect(from.length).toBeGreaterThan(0);
    for (const stage of from) expect(stages).toContain(stage);
  });

  test('runs existing files with the same command as npm', () => {
    const scripts = Object.values(programs).flatMap(({ run }) => run.map((words) => ['node', ...words].join(' ')));
    const commands = named(file, 'CMD').map(commandOf);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      expect(existsSync(path.join(root, command.at(-1) ?? ''))).toBe(true);
      expect(scripts.filter((script) => script === command.join(' '))).toHaveLength(1);
    }
    for (const { rest } of named(file, 'RUN')) {
      for (const script of all(rest, /\bnode (\S+\.m?js)\b/g))
        expect(existsSync(path.join(root, script)), script).toBe(true);
    }
  });

  test('sets known variables to valid values', () => {
    const set = named(file, 'ENV').flatMap(({ rest }) => [...rest.matchAll(/(\w+)=(\S+)/g)]);
    expect(set.length).toBeGreaterThan(3);
    for (const [, name = '', value = ''] of set) {
      if (ofOthers.includes(name)) continue;
      expect(Object.keys(variables)).toContain(name);
      expect(variables[name as keyof typeof variables].schema.safeParse(value)).toMatchObject({ success: true });
    }
  });

  test('runs without root, ends its children and has a health check', () => {
    expect(named(file, 'USER').at(-1)?.rest).toBe('1000:1000');
    expect(named(file, 'ENTRYPOINT').map(commandOf)).toEqual([['tini', '--']]);
    expect(read(file)).toContain('tini');
    expect(named(file, 'HEALTHCHECK').length).toBe(named(file, 'CMD').length);
  });

  test('has a health check that Node can run', () => {
    for (const instruction of named(file, 'HEALTHCHECK')) {
      const [program, flag, script = ''] = commandOf(instruction);
      expect([program, flag]).toEqual(['node', '-e']);
      // Nobody listens on port 1: the question fails, by its own exit code and without a word.
      const env = { PATH: process.env.PATH, WORKER_PORT: '1', METRICS_PORT: '1', WEB_PORT: '1' };
      const ask = () => execFileSync(process.execPath, ['-e', script], { env, stdio: 'pipe' });
      expect(ask).toThrow(expect.objectContaining({ status: 1, stderr: Buffer.alloc(0) }));
    }
  });
});

test("the page is built from what the web server's image copies", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-page-image-'));
  try {
    // The stages before the page are those it is built on.
    const [stages = ''] = read('Dockerfile').split('FROM runtime AS web');
    const copied = all(
      stages.replace(/FROM \S+ AS runtime[\s\S]*(?=FROM packages AS page)/, ''),
      /^COPY (?!--)(.*)$/gm,
    );
    const sources = copied.flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    expect(sources).toContain('web/page');
    for (const source of sources) cpSync(path.join(root, source), path.join(folder, source), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    execFileSync(process.execPath, ['web/page-build.ts'], { cwd: folder, stdio: 'pipe' });
    expect(globSync('web/node_modules/.cache/page/*/index.html', { cwd: folder })).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

describe("Milvus's client", () => {
  const [step] = named('Dockerfile', 'RUN').filter(({ rest }) => rest.includes('MILVUS_CLIENT'));
  const run = (value: string) =>
    spawnSync('sh', ['-c', step?.rest ?? ''], { cwd: '/', env: { MILVUS_CLIENT: value }, encoding: 'utf8' });

  test('is left out unless it is asked for', () => {
    expect(named('Dockerfile', 'ARG').map(({ rest }) => rest)).toEqual(['MILVUS_CLIENT=false']);
    expect(run('false')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('is refused by a word that says neither', () => {
    expect(run('yes')).toMatchObject({ status: 1, stderr: 'MILVUS_CLIENT: expected true or false, got yes\n' });
  });
});

describe('compose.yaml', () => {
  test('passes the linter', () => {
    const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
    const linted = linter.lintFiles([path.join(root, 'compose.yaml')], false);
    expect(linted).toHaveLength(1);
    expect(linted.flatMap(({ messages }: { messages: readonly unknown[] }) => messages)).toEqual([]);
    // It compiles the schema of all that a compose file may hold: seconds of an idle core, a minute of a busy one.
  }, 180_000);

  test('uses only variables of the program or of Compose', () => {
    const known = [...Object.keys(variables), ...ofCompose, ...ofHub, ...ofMilvus];
    const asked = all(compose, /\$\{(\w+)/g);
    const set = all(compose, /^ +([A-Z][A-Z0-9_]*): /gm);
    expect(Math.min(asked.length, set.length)).toBeGreaterThan(10);
    for (const name of [...asked, ...set]) expect(known).toContain(name);
  });

  test('builds existing targets from existing files', () => {
    const targets = all(compose, /^ +target: (\S+)$/gm);
    expect(new Set(targets)).toEqual(new Set(['bot', 'web', 'worker']));
    for (const target of targets) expect(read('Dockerfile')).toContain(` AS ${target}\n`);
    for (const file of all(compose, /^ +dockerfile: (\S+)$/gm)) expect(dockerfiles).toContain(file);
  });

  test('keeps Milvus from the worker and from the internet, and builds its client into what searches', () => {
    const ofService = (name: string) =>
      new RegExp(`^  ${name}:\\n([\\s\\S]*?)^ {0,2}\\w`, 'm').exec(compose)?.[1] ?? '';
    const networksOf = (name: string) => all(ofService(name), /^ {6}(?:- )?(inside|outside|vectors)\b/gm);
    expect(networksOf('milvus')).toEqual(['vectors']);
    expect(networksOf('worker')).toEqual(['inside']);
    expect(networksOf('worker-gpu')).toEqual(['inside']);
    expect(compose).toMatch(/^ {2}vectors:\n {4}internal: true$/m);
    for (const name of ['bot', 'web']) {
      expect(networksOf(name)).toEqual(['inside', 'outside', 'vectors']);
      expect(ofService(name)).toContain('args: *build-arguments');
      expect(read('Dockerfile')).toMatch(new RegExp(`AS ${name}\\n(?:(?!FROM).*\\n)*COPY --from=milvus-client `));
    }
  });

  test('publishes no port, and gives the worker no secrets of the bot', () => {
    expect(compose).not.toMatch(/^ +ports:/m);
    const [, worker = ''] = /^ {2}worker:\n([\s\S]*?)^ {2}\w/m.exec(compose) ?? [];
    expect(worker).toContain('worker.env');
    expect(worker).not.toMatch(/DISCORD|path: \.env/);
  });
});

describe('the workflow and the images', () => {
  const workflow = read('.github/workflows/ci.yml');

  test('pin actions by commit and have read-only rights', () => {
    const actions = all(workflow, /\buses: (\S+)/g);
    expect(actions.length).toBeGreaterThan(1);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    expect(workflow).toMatch(/^permissions:\n {2}contents: read\n/m);
  });

  test.each(dockerfiles)('%s is built on images by their digest', (file) => {
    const stages = named(file, 'FROM').map(({ rest }) => rest.split(' AS ')[1]);
    const bases = named(file, 'FROM').map(({ rest }) => rest.split(' ')[0] ?? '');
    for (const base of bases.filter((name) => !stages.includes(name))) expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
  });
});
