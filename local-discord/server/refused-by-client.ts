/** Input that Discord's app refuses before anything is sent. The user sees the message; the bot receives nothing. */
export class RefusedByClient extends Error {
  /** The HTTP status for the page. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'RefusedByClient';
    this.status = status;
  }
}
