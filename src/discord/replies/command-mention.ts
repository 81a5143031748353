/** Mentions of commands. Pure. */

/** @param commandIds of the registered commands by name; a command that is not in it is written in bold
 *  @returns a mention that can be clicked, if the id is known */
export function commandMention(name: string, commandIds: ReadonlyMap<string, string>): string {
  const id = commandIds.get(name);
  return id === undefined ? `**/${name}**` : `</${name}:${id}>`;
}
