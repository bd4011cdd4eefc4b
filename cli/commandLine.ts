import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineErrorFamily } from '../lib/errors/defineErrorFamily.ts';
import { nearestNames } from '../lib/errors/nearestNames.ts';
import { isUtcDay, type UtcDay } from '../lib/time/utcDay.ts';

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

/** Wrong use of the command line: exit code 2. */
export const UsageError = defineErrorFamily('user', {
  SLUICE_USAGE_UNKNOWN_COMMAND: { cause: 'There is no such command.', cure: 'See `sluice --help`.' },
  SLUICE_USAGE_OPTIONS: { cause: 'The options are not understood.', cure: 'See `sluice <command> --help`.' },
  SLUICE_USAGE_ARGUMENTS: {
    cause: 'The arguments are not understood.',
    cure: 'See `sluice <command> --help`.',
  },
});

type Token = NonNullable<ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>['tokens']>[number];

/**
 * Reads what follows a command's name. `node:util` splits it; what is wrong with it is said in our words, as its own name no
 * option that was meant.
 *
 * @throws UsageError SLUICE_USAGE_OPTIONS, naming every option that is not understood.
 */
export function readCommandLine({ options }: Pick<Command, 'options'>, argv: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: { ...options },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const wrong = tokens.flatMap((token) => problemOf(token, options) ?? []);
  if (wrong.length > 0) throw new UsageError('SLUICE_USAGE_OPTIONS', wrong.join(' '));
  return { values, positionals };
}

function problemOf(token: Token, options: CommandOptions): string | undefined {
  if (token.kind !== 'option') return undefined;
  const { name, rawName, value, inlineValue } = token;
  if (!Object.hasOwn(options, name) || !rawName.startsWith('--')) return unknownOption(rawName, options);
  const takesValue = options[name]?.type === 'string';
  if (!takesValue) return value === undefined ? undefined : `${rawName}: it takes no value.`;
  if (value === undefined) return `${rawName}: expected a value.`;
  // The next option, most likely; - alone is stdin, and -1 a number that the command judges.
  if (inlineValue === false && /^-[^\d.]/.test(value))
    return `${rawName}: expected a value before ${value}. A value that begins with - is written ${rawName}=${value}.`;
  return undefined;
}

function unknownOption(rawName: string, options: CommandOptions): string {
  if (/\s/.test(rawName))
    return `${JSON.stringify(rawName)} begins with -, as options do. An argument like that is written after a -- of its own.`;
  const known = Object.keys(options).map((name) => `--${name}`);
  return `${rawName}: there is no such option.${didYouMean(rawName, known)}`;
}

/** ` Did you mean start?`, with the names that are nearest to a word; empty when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const names = nearestNames(word, known);
  return names.length === 0 ? '' : ` Did you mean ${names.join(' or ')}?`;
}

/** An option's text, if it was given. */
export function textOption({ values }: Pick<CommandLine, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** An option's whole number of 1 or more. @throws UsageError for another. */
export function countOption(
  line: CommandLine,
  name: string,
  { usual, most }: { readonly usual: number; readonly most: number },
): number {
  const text = textOption(line, name);
  const count = text === undefined ? usual : Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: came ${text}, expected 1 to ${most}.`);
  return count;
}

/** An option's day, if it was given. @throws UsageError for one that is none. */
export function dayOption(line: CommandLine, name: string): UtcDay | undefined {
  const text = textOption(line, name);
  if (text !== undefined && !isUtcDay(text))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: came ${text}, expected YYYY-MM-DD.`);
  return text;
}

/** What an action of a command takes besides the options of all of them. */
export type ActionOptions = Readonly<Record<string, readonly string[]>>;

/**
 * Refuses options that are another action's of the same command: passed by, they would seem to have been heeded.
 *
 * @param own What each action takes; what stands under none is every action's.
 * @throws UsageError SLUICE_USAGE_OPTIONS, naming the options and whose they are.
 */
export function demandOptions({ values }: CommandLine, action: string, own: ActionOptions): void {
  const of = (name: string) => Object.keys(own).filter((one) => own[one]?.includes(name));
  const strays = Object.keys(values).flatMap((name) => {
    const actions = of(name);
    return actions.length === 0 || actions.includes(action)
      ? []
      : [`--${name}: no option of ${action}, but of ${actions.join(', ')}.`];
  });
  if (strays.length > 0) throw new UsageError('SLUICE_USAGE_OPTIONS', strays.join(' '));
}
