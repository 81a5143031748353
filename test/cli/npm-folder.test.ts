import { expect, test } from 'vitest';
import { callerFolder } from '../../src/cli/npm-folder.ts';

const called = { command: 'similar', root: '/clone', cwd: '/clone' };

test.each([
  ['npm was called from another folder', { INIT_CWD: '/music', npm_lifecycle_event: 'similar' }, called, '/music'],
  ['without npm', {}, called, null],
  ['started by another script', { INIT_CWD: '/music', npm_lifecycle_event: 'test' }, called, null],
  ['in another folder later', { INIT_CWD: '/x', npm_lifecycle_event: 'similar' }, { ...called, cwd: '/y' }, null],
])('%s', (_, environment, command, folder) => {
  expect(callerFolder(environment, command)).toBe(folder);
});
