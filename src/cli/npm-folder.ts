/** Finds the folder that relative paths on the command line refer to. npm runs a script in the package's folder, even when
 *  it is called from another one (`npm --prefix`, or a subfolder), and passes the caller's folder in INIT_CWD. */

/** @param environment with npm's variables. Child processes inherit them, so they count only if the script has the name of
 *    the command and the current folder is still the package's.
 *  @returns the folder that npm was called from; null when the current folder is right */
export function callerFolder(
  environment: Readonly<Record<string, string | undefined>>,
  { command, root, cwd }: { readonly command: string | undefined; readonly root: string; readonly cwd: string },
): string | null {
  const { INIT_CWD: folder, npm_lifecycle_event: script } = environment;
  return folder && script !== undefined && script === command && cwd === root ? folder : null;
}
