/** Every program of this project: its needs, its command, and its line in `npm run help`.
 *
 *  `needs`: see set-up.mjs. `run`: arguments of Node, followed by the user's arguments. Several run one after the other. */

/** Audio produces much garbage. For reasons and figures see collectorFlags in src/embedding/worker-options.ts. */
const collector = ['--single-threaded-gc', '--no-incremental-marking'];
const vitest = ['node_modules/vitest/vitest.mjs', 'run'];
const tools = ['development'];
/** Test files that take longer than ten seconds, and the others. */
const [long, short] = ['**/*.long.test.ts', '**/!(*.long).test.ts'];

export const programs = {
  demo: {
    about: 'the bot on a local Discord with two hours of music; --once: one run in the terminal',
    needs: ['sample-library'],
    run: [[...collector, 'src/demo.ts']],
  },
  start: { about: 'the bot, with DISCORD_TOKEN from .env', run: [['src/main.ts']] },
  web: { about: 'the web app and the REST API over the library', run: [['src/web.ts']] },
  index: { about: 'index recordings: npm run index -- ~/Music', run: [[...collector, 'src/cli.ts', 'index']] },
  similar: {
    about: 'search the library: npm run similar -- piece.mp3',
    run: [[...collector, 'src/cli.ts', 'similar']],
  },
  library: {
    about: 'manage the index: status, failures, verify, backup, export ...',
    run: [[...collector, 'src/cli.ts', 'library']],
  },
  models: { about: 'list, download and check models', run: [['src/cli.ts', 'models']] },
  commands: { about: "register the bot's commands with Discord by hand", run: [['src/cli.ts', 'commands']] },
  worker: {
    about: 'an embedding worker for bots on other machines',
    run: [[...collector, 'embedding-worker/main.ts']],
  },
  setup: { about: 'install what the programs need that you name: npm run setup -- demo test', run: [] },

  test: {
    about: 'tests with real parts, in under four minutes',
    needs: [...tools, 'browser'],
    inFolder: true,
    run: [[...vitest, '--exclude', long]],
  },
  'test:long': {
    about: 'tests of whole programs, in a browser too, in 20 minutes',
    needs: [...tools, 'browser'],
    inFolder: true,
    run: [[...vitest, '--exclude', short]],
  },
  'test:unit': {
    about: 'tests that start no process, in under 30 s',
    needs: tools,
    inFolder: true,
    run: [[...vitest, '--config', 'vitest.unit.config.ts']],
  },
  coverage: {
    about: 'all tests, with the share of lines that they run',
    needs: [...tools, 'browser'],
    inFolder: true,
    run: [[...vitest, '--coverage']],
  },
  'test:slow': {
    about: 'tests that take minutes, with kills at random times',
    needs: tools,
    inFolder: true,
    run: [[...vitest, '--config', 'vitest.slow.config.ts']],
  },
  'test:milvus': {
    about: 'tests of the index on a real Milvus (from PyPI)',
    needs: [...tools, 'milvus'],
    inFolder: true,
    run: [[...vitest, '--config', 'vitest.milvus.config.ts']],
  },
  'test:servers': {
    about: 'tests of the remote engines with real servers (from PyPI)',
    needs: tools,
    inFolder: true,
    run: [[...vitest, '--config', 'vitest.servers.config.ts']],
  },
  'test:training': {
    about: 'tests of the training in Python (PyTorch)',
    needs: [...tools, 'training'],
    inFolder: true,
    environment: { TRAINING_PYTHON: '.cache/training-python/bin/python' },
    run: [[...vitest, 'test/training']],
  },
  check: {
    about: 'types, lint, layers',
    needs: tools,
    inFolder: true,
    run: [
      ['node_modules/typescript/bin/tsc', '-p', '.'],
      ['node_modules/typescript/bin/tsc', '-p', 'local-discord/page'],
      ['node_modules/typescript/bin/tsc', '-p', 'web/page'],
      ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
      [...vitest, 'test/layers.test.ts', 'test/config/env-example.test.ts'],
    ],
  },
  'bench:quality': { about: 'quality of the answers', needs: tools, run: [['bench/quality.ts']] },
  'bench:speed': { about: 'speed of indexing, search and queries', needs: tools, run: [['bench/speed.ts']] },
  'bench:models': { about: 'speed and memory of models', needs: tools, run: [['bench/models.ts']] },
  'bench:scale': { about: 'cost of a million chunks', needs: tools, run: [['bench/scale.ts']] },
  'bench:bot': { about: 'the bot under load', needs: [...tools, 'sample-library'], run: [['bench/bot.ts']] },
  'bench:web': {
    about: 'the web app and its API',
    needs: [...tools, 'sample-library', 'browser'],
    run: [['bench/web.ts']],
  },
  'model:build': { about: 'build the hand-made model', needs: tools, run: [['scripts/build-descriptor.ts']] },
  screenshots: {
    about: 'take the screenshots for the documentation',
    needs: [...tools, 'sample-library', 'browser'],
    inFolder: true,
    environment: { SCREENSHOTS_DIR: 'docs' },
    run: [[...vitest, 'test/discord/page/screenshots.test.ts', 'test/web/page/screenshots.test.ts']],
  },
  'env:example': { about: 'write .env.example and docs/configuration.md', run: [['scripts/write-env-example.ts']] },
};

/** Programs for users. The others are for development. */
const forUsers = ['demo', 'start', 'web', 'index', 'similar', 'library', 'models', 'commands', 'worker', 'setup'];

export function helpText() {
  const lines = (names) => names.map((name) => `  ${name.padEnd(15)} ${programs[name].about}`);
  return [
    'Usage: npm run PROGRAM -- ARGUMENTS, or in this folder: npx leitmotif PROGRAM ARGUMENTS',
    '       npm run PROGRAM -- --help explains the arguments of the first nine.',
    '',
    'For users:',
    ...lines(forUsers),
    '',
    'For development:',
    ...lines(Object.keys(programs).filter((name) => !forUsers.includes(name))),
  ].join('\n');
}
