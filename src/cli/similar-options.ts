/** Declares `npm run similar -- ...` and its options. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { focusNames, fusionNames } from '../domain.ts';
import { count, time } from './option-values.ts';
import type { SimilarCommandOptions } from './query-options.ts';
import { withApp } from './with-app.ts';

interface QueryOptions {
  readonly text?: string;
  readonly plus?: string[];
  readonly minus?: string[];
}

export function addSimilar(program: Command): void {
  program
    .command('similar')
    .description('search the library with a recording, with its own tracks, or with words')
    .argument('[file]', 'a file that ffmpeg can read')
    .option('--text <words>', 'search with words; requires a model with a text encoder, such as clap')
    .option('--plus <key...>', 'search with tracks of the library: the results resemble these')
    .option('--minus <key...>', 'with --plus: tracks that the results should not resemble')
    .option('--json', 'print one object instead of text')
    .option('--top <n>', 'number of results', count, 10)
    .option('--clips <dir>', 'write clips of the matching moments to this folder')
    .option('--picture <file>', 'write the match picture to this file, as PNG')
    .option('--fusion <name>', `ranking method: ${fusionNames.join(', ')}`)
    .option('--focus <part>', `what decides, if the model tells them apart: ${focusNames.join(', ')}`)
    .option('--from <time>', 'start of the part to search with (1:20 or 80)', time)
    .option('--to <time>', 'end of the part to search with', time)
    .action((file: string | undefined, options: SimilarCommandOptions & QueryOptions, command: Command) => {
      const { text, plus, minus = [], ...rest } = options;
      const ways = [file, text, plus].filter((way) => way !== undefined).length;
      if (ways !== 1) return command.error('error: expected either a file, --plus or --text');
      if (minus.length > 0 && plus === undefined) return command.error('error: expected --minus only with --plus');
      // On demand, so that the worker starts before they load.
      return withApp(
        async (app, signal) => {
          if (file !== undefined) {
            const { printSimilar } = await import('./similar-command.ts');
            return printSimilar(app, file, rest, signal);
          }
          if (text !== undefined) {
            const { wordsCommand } = await import('./text-command.ts');
            return wordsCommand(app, text, rest, signal);
          }
          const { printByTracks } = await import('./tracks-command.ts');
          return printByTracks(app, { plus: plus ?? [], minus }, rest, signal);
        },
        { startsWorker: file !== undefined && existsSync(file) },
      );
    });
}
