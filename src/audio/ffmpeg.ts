/** The only caller of ffmpeg: starts one job and returns its pipes and its exit. It uses fluent-ffmpeg (2.1.3, its last version)
 *  and works around these faults of it:
 *
 *  - it runs `ffmpeg -formats` and `-encoders` before the first job and parses tables whose columns differ between
 *    ffmpeg versions. Both are skipped, which also saves a quarter of a second;
 *  - it splits options in one array at spaces, which breaks a title of two words. Options are passed as separate arguments;
 *  - it kills ffmpeg 20 ms after the output stream has closed, however busy the machine is. The stream emits no 'close';
 *  - when a process cannot be started, it calls its own end handler without buffers and throws. Empty buffers are passed;
 *  - it kills only the process, not its group, and cannot limit memory. The process leads its own group, and a shell
 *    sets the limits before it becomes ffmpeg;
 *  - it buffers lines of stderr of any length. stderr.ts reads them with a limit.
 *
 *  ffprobe is not used: starting a second process costs as much as decoding a minute of music, so the metadata is read from
 *  the run that decodes (see probe.ts).
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { getPriority } from 'node:os';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import Ffmpeg from 'fluent-ffmpeg';
import { boundToParent } from '../io/end-with-parent.ts';
import { nicenessMax } from '../io/niceness.ts';
import { type Usage, usageOf } from '../io/time-charged.ts';
import { errorLinesOf, StderrReader } from './stderr.ts';

export interface FfmpegJob {
  readonly inputs: readonly { readonly url: string; readonly options: readonly string[] }[];
  /** `stdout` and `side` are pipes to this process; any other target is a path. */
  readonly outputs: readonly { readonly target: string; readonly options: readonly string[] }[];
  /** The value of -filter_complex. */
  readonly filterGraph: string | null;
  /** Content of the input `pipe:0`. */
  readonly stdin?: Readable;
}

export interface FfmpegOptions {
  readonly memoryMaxBytes: number;
  /** Processor time after which the kernel kills ffmpeg, also when this process has died. */
  readonly cpuMaxSec: number;
  /** Added to this process's niceness. */
  readonly niceness?: number;
  /** On abort, the process group is killed at once. */
  readonly signal: AbortSignal;
  readonly onStderrLine?: (line: string) => void;
}

export interface FfmpegExit {
  readonly ok: boolean;
  /** null when a signal ended it or it never started. */
  readonly exitCode: number | null;
  /** The end of its output to stderr, for a `cause`. */
  readonly stderr: string;
  /** The messages of its error lines, without the names of its input and output files. */
  readonly errors: readonly string[];
}

export interface RunningFfmpeg {
  /** Ends with ffmpeg. A slow reader slows ffmpeg down. */
  readonly stdout: Readable;
  /** The job's whole output to `side`, at most `sideBytesMax`; resolves when ffmpeg has ended. */
  readonly side: Promise<Buffer>;
  /** Never rejects. */
  readonly exited: Promise<FfmpegExit>;
  /** Processor time used so far; null when the system does not report it or ffmpeg has ended. */
  usage(): Usage | null;
  /** Bytes printed to stderr so far. */
  describedBytes(): number;
}

/** A fingerprint of 24 hours has 2.8 MB; nothing else uses the side pipe. */
const sideBytesMax = 16 * 1024 * 1024;

/** Sets limits, then `exec`s, so that ffmpeg replaces the shell and its pid is the group's.
 *  `ulimit -v` is address space in KiB; a system without it (macOS) runs unlimited. `ulimit -t` is seconds of processor
 *  time; its hard limit sends SIGKILL. Core dumps of users' files are off.
 *  Debian's ffmpeg loads a BLAS (through pocketsphinx) and never calls it. The reference BLAS is preferred where it is installed,
 *  because OpenBLAS has a quarter of all symbols that the linker resolves: a start takes 58 ms of processor time instead of 75.
 *  OpenBLAS maps memory for every core at start and loops for ever when that fails, so it gets one thread. `no_proxy` lets ffmpeg read from loopback behind
 *  a proxy. */
const limitedStart =
  'ulimit -v "$1" 2>/dev/null; ulimit -t "$4" 2>/dev/null; ulimit -c 0 2>/dev/null; ' +
  // As in niceness.ts, because this process leads a session.
  '[ "$3" = 0 ] || { echo "$3" > /proc/self/autogroup; } 2>/dev/null; ' +
  preferReferenceBlas() +
  'n=$2; shift 4; OPENBLAS_NUM_THREADS=1 no_proxy=127.0.0.1 exec nice -n "$n" ffmpeg "$@"';

/** The dynamic linker ignores folders that do not exist. */
function preferReferenceBlas(): string {
  const triplets: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
  const triplet = triplets[process.arch];
  if (process.platform !== 'linux' || triplet === undefined) return '';
  const folders = `/usr/lib/${triplet}/blas:/usr/lib/${triplet}/lapack`;
  return `export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${folders}"; `;
}

interface Ring {
  get(): string;
}

type OnEnd = (error: Error | null | undefined, stdout?: Ring, stderr?: Ring) => void;

/** The parts of fluent-ffmpeg's command that are replaced; they are not in its types. */
interface CommandInternals {
  _getFfmpegPath(callback: (error: null, path: string) => void): void;
  _checkCapabilities(callback: (error: null) => void): void;
  availableEncoders(callback: (error: null, encoders: object) => void): void;
  _spawnFfmpeg(
    args: string[],
    options: SpawnOptions,
    onStart: (child: ChildProcess, ...rings: Ring[]) => void,
    onEnd: OnEnd,
  ): void;
}

type ProcessLimits = Pick<FfmpegOptions, 'memoryMaxBytes' | 'cpuMaxSec' | 'niceness'>;

type Command = Ffmpeg.FfmpegCommand & CommandInternals;

const emptyRing: Ring = { get: () => '' };

export function startFfmpeg(job: FfmpegJob, options: FfmpegOptions): RunningFfmpeg {
  const stdout = new PassThrough({ emitClose: false });
  const side = Promise.withResolvers<Buffer>();
  const exited = Promise.withResolvers<FfmpegExit>();
  let child: ChildProcess | null = null;
  const kill = () => child !== null && killGroup(child, stdout);
  const stderr = new StderrReader(options.onStderrLine);
  const names = [...job.inputs.map(({ url }) => url), ...job.outputs.map(({ target }) => target)];

  const command = buildCommand(job, stdout, options, (started) => {
    child = started;
    readStderr(started, stderr);
    side.resolve(collect(started.stdio[3] as Readable | undefined));
    // A killed process leaves a broken pipe; the exit reports the failure.
    if (job.stdin && started.stdin) pipeline(job.stdin, started.stdin, () => {});
    if (options.signal.aborted) kill();
  });
  const end = (error: Error | null) => {
    options.signal.removeEventListener('abort', kill);
    side.resolve(Buffer.alloc(0));
    if (child === null) stdout.end();
    const exitCode = child?.exitCode ?? null;
    const printed = stderr.tail;
    const errors = errorLinesOf(printed, names);
    exited.resolve({ ok: error === null, exitCode, stderr: printed || (error?.message ?? ''), errors });
  };
  command.on('end', () => end(null));
  command.on('error', (error: Error) => end(error));

  options.signal.addEventListener('abort', kill, { once: true });
  try {
    command.run();
  } catch (error) {
    end(error instanceof Error ? error : new Error(String(error)));
  }
  return {
    stdout,
    side: side.promise,
    exited: exited.promise,
    usage: () => usageOfChild(child),
    describedBytes: () => stderr.bytes,
  };
}

function buildCommand(
  job: FfmpegJob,
  stdout: PassThrough,
  limits: ProcessLimits,
  onStart: (child: ChildProcess) => void,
): Command {
  const command = Ffmpeg({ stdoutLines: 1 }) as unknown as Command;
  harden(command, { ...limits, takesStdin: job.stdin !== undefined }, onStart);
  for (const input of job.inputs) {
    command.input(input.url);
    if (input.options.length > 0) command.inputOptions(...(input.options as [string, string]));
  }
  if (job.filterGraph !== null) command.complexFilter(job.filterGraph);
  for (const output of job.outputs) {
    command.output(targetOf(output.target, stdout) as string);
    command.outputOptions(...(output.options as [string, string]));
  }
  return command;
}

function targetOf(target: string, stdout: PassThrough): string | PassThrough {
  if (target === 'stdout') return stdout;
  return target === 'side' ? 'pipe:3' : `file:${target}`;
}

function harden(
  command: Command,
  { memoryMaxBytes, cpuMaxSec, niceness = 0, takesStdin }: ProcessLimits & { readonly takesStdin: boolean },
  onStart: (child: ChildProcess) => void,
): void {
  const spawnPlainly = command._spawnFfmpeg.bind(command);
  const limitKiB = String(Math.floor(memoryMaxBytes / 1024));
  const limits = [limitKiB, String(niceness), groupNiceness(niceness), String(Math.ceil(cpuMaxSec))];
  // While ffmpeg parses tags, it neither reads nor writes and would not notice that this process has died.
  const { command: program, args: programArgs } = boundToParent('/bin/sh', ['-c', limitedStart, 'ffmpeg']);
  const replaced: CommandInternals = {
    _getFfmpegPath: (callback) => callback(null, program),
    _checkCapabilities: (callback) => callback(null),
    availableEncoders: (callback) => callback(null, {}),
    _spawnFfmpeg: (args, options, started, ended) =>
      spawnPlainly(
        [...programArgs, ...limits, ...args],
        { ...options, detached: true, stdio: [takesStdin ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'] },
        (child, ...rings) => {
          onStart(child);
          started(child, ...rings);
        },
        (error, out = emptyRing, err = emptyRing) => ended(error, out, err),
      ),
  };
  Object.assign(command, replaced);
}

/** Replaces fluent-ffmpeg's reader, which buffers lines of any length. */
function readStderr({ stderr }: ChildProcess, reader: StderrReader): void {
  stderr?.removeAllListeners('data');
  stderr?.on('data', (block: Buffer | string) => reader.read(typeof block === 'string' ? Buffer.from(block) : block));
}

/** The niceness of this process plus the given one. */
function groupNiceness(added: number): string {
  return String(Math.max(0, Math.min(getPriority() + added, nicenessMax)));
}

/** @returns null when the system does not report it or ffmpeg has ended */
function usageOfChild(child: ChildProcess | null): Usage | null {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return null;
  return usageOf(child.pid);
}

/** Ends `stdout` by hand, because the rest in the pipe of the killed process is not needed. */
function killGroup(child: ChildProcess, stdout: PassThrough): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The process has ended between the check and the call.
    }
  }
  child.stdout?.destroy();
  stdout.end();
}

async function collect(pipe: Readable | undefined): Promise<Buffer> {
  if (pipe === undefined) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  let bytes = 0;
  pipe.on('error', () => {}); // A killed process may leave a reset pipe; the exit reports the failure.
  pipe.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes <= sideBytesMax) parts.push(part);
  });
  await new Promise((resolve) => pipe.once('close', resolve));
  return Buffer.concat(parts);
}
