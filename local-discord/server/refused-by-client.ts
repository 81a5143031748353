/** What Discord's own app refuses before anything is sent: told to the person, never to the bot. */
export class RefusedByClient extends Error {
  /** The HTTP status for the page. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'RefusedByClient';
    this.status = status;
  }
}
