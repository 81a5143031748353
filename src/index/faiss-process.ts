/** One index process, seen from its parent: starts it, sends requests and detects its exit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { boundToParent } from '../io/end-with-parent.ts';
import type { Envelope, FaissAnswers, FaissOp, FaissReply, FaissRequest } from './faiss-protocol.ts';

const childUrl = new URL('./faiss-child.ts', import.meta.url);

/** The child's vectors are outside V8's heap, which only holds a query and its result. */
const nodeFlags = ['--max-old-space-size=64', '--max-semi-space-size=1', '--v8-pool-size=0'];

/** One thread per process: two processes with half of the vectors each take half the time. Two threads in one process spin
 *  while they wait for each other, which under load made them 3 to 15 times slower. Nothing else is inherited:
 *  OPENBLAS_CORETYPE or OPENBLAS_L2_SIZE would keep OpenBLAS from choosing its kernels (1.4 to 1.7 times slower).
 *  With OPENBLAS_VERBOSE, OpenBLAS writes its choice of kernels to stderr. With huge pages for the vectors, a search takes 3 % less.
 *  @see https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html */
const childEnvironment = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  OPENBLAS_VERBOSE: '2',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};

/** Characters of stderr kept for the error message: C++ names an uncaught exception there. */
const stderrMax = 2000;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: NodeJS.Timeout;
}

export class FaissProcess {
  /** Resolves with the signal or exit code once the process has exited. */
  readonly gone: Promise<string>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #stderr = '';
  #ended: string | null = null;

  constructor() {
    const code = faissChildSource();
    const program = [...nodeFlags, '--input-type=commonjs', '--eval', code, '--', childUrl.href];
    const { command, args } = boundToParent(process.execPath, program);
    this.#child = spawn(command, args, {
      env: childEnvironment,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-stderrMax);
    });
    this.#child.on('message', (reply: FaissReply) => this.#settle(reply));
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#child.on('error', (error) => resolve(this.#end(error.message)));
    this.#child.once('exit', (status, signal) => resolve(this.#end(signal ?? `exit code ${status}`)));
    this.gone = promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** The kernels that OpenBLAS chose, such as "Zen" or "SkylakeX"; null if another BLAS is in use. */
  get openblasCore(): string | null {
    return /^Core: (\S+)/m.exec(this.#stderr)?.[1] ?? null;
  }

  /** @throws {LeitmotifError} `index-corrupt` about a file; `index-unavailable` if the process died, failed, or exceeded
   *          `timeoutMs`; it is then killed, because nothing else stops a search */
  request<R extends FaissRequest>(request: R, timeoutMs: number): Promise<FaissAnswers[R['op']]> {
    if (this.#ended !== null) return Promise.reject(this.#unavailable(this.#ended));
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<FaissAnswers[FaissOp]>();
    const deadline = setTimeout(() => {
      this.#forget(id)?.reject(this.#unavailable(`no answer to "${request.op}" within ${timeoutMs} ms`));
      this.kill();
    }, timeoutMs);
    this.#waiting.set(id, { resolve, reject, deadline });
    const envelope: Envelope = { id, request };
    this.#child.send(envelope, (error) => {
      if (error !== null) this.#forget(id)?.reject(this.#unavailable(error.message));
    });
    return promise as Promise<FaissAnswers[R['op']]>;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(reply: FaissReply): void {
    const waiting = this.#forget(reply.id);
    if (reply.ok) waiting?.resolve(reply.answer as never);
    else if (reply.kind === 'corrupt') waiting?.reject(new LeitmotifError('index-corrupt', reply.message));
    else waiting?.reject(this.#unavailable(reply.message));
  }

  #forget(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    clearTimeout(waiting?.deadline);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(how: string): string {
    this.#ended = how;
    for (const id of [...this.#waiting.keys()]) this.#forget(id)?.reject(this.#unavailable(how));
    return how;
  }

  #unavailable(why: string): LeitmotifError {
    const output = this.#stderr.replace(/^Core: .*$/m, '').trim();
    return new LeitmotifError(
      'index-unavailable',
      `The index process failed: ${why}${output === '' ? '' : `; ${output}`}`,
    );
  }
}

/** The child's program as JavaScript. Stripping its types takes 0.25 s of processor time, most of it to load the parser, so the
 *  result is stored in the folder of Node's compile cache, if there is one (NODE_COMPILE_CACHE). */
function faissChildSource(): string {
  const source = readFileSync(childUrl, 'utf8');
  const folder = getCompileCacheDir();
  if (folder === undefined) return withoutTypes(source);
  const file = path.join(folder, `faiss-child-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.cjs`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const stripped = withoutTypes(source);
    keep(file, stripped);
    return stripped;
  }
}

/** Complete or not at all: other processes read it. */
function keep(file: string, text: string): void {
  try {
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, text);
    renameSync(aside, file);
  } catch {
    // A folder that cannot be written, or a full disk: the next process strips it again.
  }
}

/** Node warns that this call is experimental; the warning is suppressed because it does not help the user. */
function withoutTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
