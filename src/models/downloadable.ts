/** What a model that can be downloaded consists of, and where its files come from. */
import type { ModelManifest } from './manifest.ts';

/** A file in a package of the Python package index. */
export interface PackagedFile {
  readonly kind: 'package';
  readonly project: string;
  /** The package's file: a wheel, which is a ZIP archive. */
  readonly archive: { readonly file: string; readonly sha256: string; readonly bytes: number };
  /** Path in the archive. */
  readonly member: string;
}

/** A file that came with the program: a graph of ours, whose weights are not. */
export interface ProgramFile {
  readonly kind: 'program';
  /** Absolute path. */
  readonly file: string;
}

export interface DownloadableFile {
  /** Path in the repository; of other origins, the name in the model's folder. */
  readonly path: string;
  /** Default: the model's repository on the hub. */
  readonly origin?: PackagedFile | ProgramFile;
  /** Hexadecimal; null: recorded on the first download. */
  readonly sha256: string | null;
  /** Exact if `isExact`, otherwise rounded as on the hub's page. */
  readonly bytes: number;
  readonly isExact: boolean;
}

/** @property input, output names in the graph */
export interface DownloadableNetwork extends DownloadableFile {
  readonly input: string;
  readonly output: string;
  /** See `ModelManifest`. */
  readonly data?: DownloadableFile;
}

export interface DownloadableModel
  extends Pick<
    ModelManifest,
    | 'name'
    | 'version'
    | 'family'
    | 'sampleRateHz'
    | 'dimensions'
    | 'precision'
    | 'frontEnd'
    | 'windowSec'
    | 'licence'
    | 'canary'
  > {
  /** One-line description for users. */
  readonly purpose: string;
  /** owner/name on the hub; of a package, its project. */
  readonly repository: string;
  /** A commit, or a branch name; with a branch, the downloaded commit is recorded. Of a package, its version. */
  readonly revision: string;
  readonly network: DownloadableNetwork;
  /** The same weights in float16, for GPUs. */
  readonly half?: DownloadableFile;
  /** See `ModelManifest`. */
  readonly musicHead?: DownloadableFile & { readonly extraInputs?: number };
  readonly text?: { readonly network: DownloadableNetwork; readonly tokenizer: DownloadableFile };
}
