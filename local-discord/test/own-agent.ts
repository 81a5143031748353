import { createRequire } from 'node:module';
import type { RESTOptions } from 'discord.js';

/** An HTTP agent of the undici that discord.js depends on. The global one may be that of another version in this process, which
 *  refuses discord.js's uploads. */
export function ownAgent(): NonNullable<RESTOptions['agent']> {
  const require = createRequire(createRequire(import.meta.url).resolve('@discordjs/rest'));
  const { Agent } = require('undici') as { Agent: new () => NonNullable<RESTOptions['agent']> };
  return new Agent();
}
