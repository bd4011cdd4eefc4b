import type { ParseArgsConfig } from 'node:util';

/** The options of a command as `node:util` parses them, each with the line that `--help` shows. */
export type CommandOptions = Readonly<
  Record<string, NonNullable<ParseArgsConfig['options']>[string] & { readonly help: string }>
>;

/** What the command line held for a command. */
export interface CommandLine {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** One `sluice` command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** How to call it, e.g. `sluice query "<sql>" [--json]`. */
  readonly usage: string;
  readonly options: CommandOptions;
  readonly examples: readonly string[];
  /** Where `--json` writes an error: `start` says on stdout that it is ready, and nothing else. Default stdout. */
  readonly jsonErrorsOn?: 'stderr';
  /** Resolves with the exit code: 0 fine, 1 failed, 3 problems found, 130 interrupted. Wrong use throws UsageError. */
  run(line: CommandLine): Promise<number>;
}
