/** Mentions of commands. Pure. */

/** @param commandIds of the registered commands by name; a command without an id is written in bold
 *  @returns a clickable mention if the id is known */
export function commandMention(name: string, commandIds: ReadonlyMap<string, string>): string {
  const id = commandIds.get(name);
  return id === undefined ? `**/${name}**` : `</${name}:${id}>`;
}
