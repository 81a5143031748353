/** Sets up what a program needs and prints the shell command that starts it, for scripts/leitmotif. */
import path from 'node:path';
import { at, readJson, reportErrors, root, say } from './common.mjs';
import { helpText, programs } from './programs.mjs';
import { setUp } from './set-up.mjs';

/** @param argv the program's name and its arguments */
export function launch([name = 'help', ...args]) {
  return reportErrors(() => {
    if (['help', '--help', '-h'].includes(name)) return print(`${helpText()}\n`);
    if (['--version', '-V', 'version'].includes(name)) return print(`${readJson(at('package.json')).version}\n`);
    // `npm run setup -- demo test` installs the needs of these programs; without names, those of running. `milvus` is the client.
    const names = name === 'setup' ? args : [];
    const unknown = [name, ...names.filter((each) => each !== 'milvus')].find((each) => !Object.hasOwn(programs, each));
    if (unknown !== undefined) {
      say(`Unknown program "${unknown}".\n\n${helpText()}`);
      process.exitCode = 2;
      return;
    }
    const program = programs[name];
    const needsOf = (each) => (each === 'milvus' ? ['milvus'] : (programs[each].needs ?? []));
    const needs = name === 'setup' ? names.flatMap(needsOf) : (program.needs ?? []);
    const node = setUp({ program: name, needs });
    process.stdout.write(commandOf(program, node));
  });
}

/** @returns a shell script; `"$@"` are the program's name and its arguments */
function commandOf({ run, inFolder = false, environment = {} }, node) {
  if (run.length === 0) return 'exit 0\n';
  const variables = {
    // Node caches compiled code there, which halves the start time.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? at('node_modules/.cache/node'),
    PATH: [path.dirname(node), at('node_modules/.bin'), process.env.PATH ?? ''].join(path.delimiter),
    ...Object.fromEntries(Object.entries(environment).map(([key, place]) => [key, process.env[key] ?? at(place)])),
  };
  // Tests need the development build of React.
  if (inFolder && process.env.NODE_ENV === 'production') variables.NODE_ENV = 'test';
  const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${quoted(value)}`);
  if (inFolder) lines.push(`cd ${quoted(root)} || exit`);
  const commands = run.map((words) => [node, ...words.map(absolute)].map(quoted).join(' '));
  const last = commands.pop();
  return [...lines, ...commands.map((each) => `${each} || exit`), 'shift', `exec ${last} "$@"`, ''].join('\n');
}

/** Resolves files against this folder, whatever the current one. */
function absolute(word, index, words) {
  const isFile = words.findIndex((each) => !each.startsWith('-')) === index;
  return isFile ? at(word) : word;
}

function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Prints a shell command that prints the text, because the caller evaluates stdout. */
function print(text) {
  process.stdout.write(`cat <<'END_OF_TEXT'\n${text}END_OF_TEXT\n`);
}
