/** Sets up without starting anything: node scripts/setup.mjs [--sample-library] [--browser] [--training] [--development]
 *
 *  @see setup/set-up.mjs */
import { reportErrors } from './setup/common.mjs';
import { setUp } from './setup/set-up.mjs';

const needs = process.argv.slice(2).map((option) => option.replace(/^--/, ''));
reportErrors(() => setUp({ program: 'setup', needs }));
