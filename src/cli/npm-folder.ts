/** Where relative paths of a command line begin. npm runs a script in the package's folder, whatever folder it was called
 *  from (`npm --prefix`, or a folder below), and says that one in INIT_CWD. */

/** @param environment npm's variables; they are inherited by whatever a script starts, so they count only for the script
 *    that bears the command's name and has not changed the folder since
 *  @returns the folder that npm was called from; null where the current one is right */
export function callersFolder(
  environment: Readonly<Record<string, string | undefined>>,
  { command, root, cwd }: { readonly command: string | undefined; readonly root: string; readonly cwd: string },
): string | null {
  const { INIT_CWD: folder, npm_lifecycle_event: script } = environment;
  return folder && script !== undefined && script === command && cwd === root ? folder : null;
}
