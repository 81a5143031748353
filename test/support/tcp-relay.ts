/** A loopback port that leads to another port or socket, whose connections can be cut and healed. */
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

export class TcpRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #isCut = false;

  private constructor(to: NetConnectOpts) {
    this.#server = createServer((outside) => this.#join(outside, to));
  }

  static async open(port: number, to: NetConnectOpts): Promise<TcpRelay> {
    const relay = new TcpRelay(to);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen(port, '127.0.0.1', resolve);
    });
    return relay;
  }

  /** Cuts every connection, and refuses new ones until `heal`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#connections) socket.destroy();
  }

  heal(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(outside: Socket, to: NetConnectOpts): void {
    if (this.#isCut) {
      outside.destroy();
      return;
    }
    const inside = connect(to);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      this.#connections.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#connections.delete(one);
        other.destroy();
      });
    }
  }
}
