/** The log of every program: JSON lines on stderr. */
import { type DestinationStream, type Logger, pino, type SerializerFn } from 'pino';

export interface LogOptions {
  /** Added to each line. */
  readonly name?: string | undefined;
  /** Default: stderr, synchronous, so that no line is lost when the process ends. */
  readonly destination?: DestinationStream | undefined;
  /** Converts the errors in `err`. Default: that of pino. */
  readonly errorSerializer?: SerializerFn | undefined;
}

export function makeLog(level: string, { name, destination, errorSerializer }: LogOptions = {}): Logger {
  const serializers = errorSerializer === undefined ? undefined : { err: errorSerializer };
  const options = { level, ...(name === undefined ? {} : { name }), ...(serializers ? { serializers } : {}) };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}
