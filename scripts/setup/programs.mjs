/** Every program of this folder: what it needs, how it is started, and what `npm run help` says about it.
 *
 *  `needs`: see setup.mjs. `run`: arguments of Node, the user's arguments follow; several for one after the other. */

/** Audio makes large garbage. Reasons and figures: collectorFlags in src/embedding/worker-options.ts. */
const collector = ['--single-threaded-gc', '--no-incremental-marking'];
const vitest = ['node_modules/vitest/vitest.mjs', 'run'];
const tools = ['development'];

export const programs = {
  demo: {
    about: 'a bot, a Discord on this machine and two hours of music; --once: one run in the terminal',
    needs: ['sample-library'],
    run: [[...collector, 'src/demo.ts']],
  },
  start: { about: 'the bot, with DISCORD_TOKEN from .env', run: [['src/main.ts']] },
  index: { about: 'index recordings: npm run index -- ~/Music', run: [[...collector, 'src/cli.ts', 'index']] },
  similar: {
    about: 'ask the library: npm run similar -- piece.mp3',
    run: [[...collector, 'src/cli.ts', 'similar']],
  },
  library: {
    about: 'look after what is indexed: status, failures, verify, backup, export ...',
    run: [[...collector, 'src/cli.ts', 'library']],
  },
  models: { about: 'list, download and check models', run: [['src/cli.ts', 'models']] },
  commands: { about: "register the bot's commands with Discord by hand", run: [['src/cli.ts', 'commands']] },
  worker: {
    about: 'an embedding worker for bots on other machines',
    run: [[...collector, 'embedding-worker/main.ts']],
  },
  setup: { about: 'set up what the programs need, and start none of them', run: [] },

  test: { about: 'all tests', needs: [...tools, 'browser'], inFolder: true, run: [vitest] },
  'test:slow': {
    about: 'tests that take minutes: kills at random moments',
    needs: tools,
    inFolder: true,
    run: [[...vitest, '--config', 'vitest.slow.config.ts']],
  },
  'test:training': {
    about: 'tests of the training, in Python (PyTorch)',
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
      ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
      [...vitest, 'test/layers.test.ts', 'test/config/env-example.test.ts'],
    ],
  },
  'bench:quality': { about: 'what the answers are worth', needs: tools, run: [['bench/quality.ts']] },
  'bench:speed': { about: 'speed of indexing, search and queries', needs: tools, run: [['bench/speed.ts']] },
  'bench:models': { about: 'speed and memory of models', needs: tools, run: [['bench/models.ts']] },
  'bench:scale': { about: 'a million chunks', needs: tools, run: [['bench/scale.ts']] },
  'bench:bot': { about: 'the bot under load', needs: [...tools, 'sample-library'], run: [['bench/bot.ts']] },
  'model:build': { about: 'build the hand-made model', needs: tools, run: [['scripts/build-descriptor.ts']] },
  screenshots: {
    about: "take the documentation's pictures",
    needs: [...tools, 'sample-library', 'browser'],
    inFolder: true,
    environment: { SCREENSHOTS_DIR: 'docs' },
    run: [[...vitest, 'test/discord/page/screenshots.test.ts']],
  },
  'env:example': { about: 'write .env.example', run: [['scripts/write-env-example.ts']] },
};

/** Those that people use; the others are for working on the program. */
const forPeople = ['demo', 'start', 'index', 'similar', 'library', 'models', 'commands', 'worker', 'setup'];

export function helpText() {
  const lines = (names) => names.map((name) => `  ${name.padEnd(15)} ${programs[name].about}`);
  return [
    'Usage: npm run PROGRAM -- ARGUMENTS, or in this folder: npx leitmotif PROGRAM ARGUMENTS',
    '       npm run PROGRAM -- --help explains the arguments of the first eight.',
    '',
    'To use it:',
    ...lines(forPeople),
    '',
    'To work on it:',
    ...lines(Object.keys(programs).filter((name) => !forPeople.includes(name))),
  ].join('\n');
}
