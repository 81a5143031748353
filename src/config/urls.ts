/** Checks on configured URLs. */
export function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

export function isThisMachine(url: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname);
}

/** Hides the query part of an address, which may be a signature, and its user and password. */
export function withoutSecrets(text: string): string {
  return text.replace(/\?.*$/s, '?...').replace(/\/\/[^@/]*@/g, '//...@');
}
