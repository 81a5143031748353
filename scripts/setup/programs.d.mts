export interface Program {
  readonly about: string;
  readonly needs?: readonly string[];
  readonly inFolder?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly run: readonly (readonly string[])[];
}

export declare const programs: Readonly<Record<string, Program>>;
export declare function helpText(): string;
