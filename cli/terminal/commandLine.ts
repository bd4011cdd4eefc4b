import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { didYouMean } from '../../lib/base/text.ts';
import { daysBetween, isUtcDay, type UtcDay } from '../../lib/base/time.ts';
import { SHOWN_DAYS } from '../../observe/commands.ts';

/** One option as `node:util` parses it. */
type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & {
  /** Its line in `--help`, which puts the actions that take it before, and its `values` behind. */
  readonly help: string;
  /** All values that the option takes; others are refused. Default: any text. */
  readonly values?: readonly string[];
};

/** The options of a command, by name without the dashes. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The parsed options and arguments of a command. */
export interface CommandLine {
  /** Options by their names; undefined if they were not given. */
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  /** Arguments, in their order. */
  readonly positionals: readonly string[];
  /** Whether the command changes something, and so prints its target first. Default: it only reads. */
  readonly changes?: boolean;
}

/** Whether a command line changes something in its target. */
type Changes = (line: Pick<CommandLine, 'values' | 'positionals'>) => boolean;

/** For commands that always change something. */
export const always: Changes = () => true;

/** One `sluice` command. */
export interface Command {
  /** The word behind `sluice`: `groups`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its arguments, e.g. `CODE`. Default: it takes none, or its actions do. */
  readonly takes?: string;
  /** Besides `--json`, which every command has. */
  readonly options: CommandOptions;
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
  /** Its actions, one of which the first argument names. Default: it has none. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** Whether it changes something in its target. Default: one with `--dry-run` does without that, unless it has actions. */
  readonly changes?: Changes;
  /** Where `--json` writes an error. Default: stdout. The stdout of `start` only says that it is ready. */
  readonly jsonErrorsOn?: 'stderr';
  /** Resolves with the exit code: 0 success, 1 failure, 3 problems found, 130 interrupted. Throws UsageError for wrong use. */
  run(line: CommandLine): Promise<number>;
}

/**
 * The exit code of a command that did its work, and found something that a person has to look at. A script tells it
 * from 1, with which the command itself failed.
 */
export const PROBLEMS_FOUND = 3;

/** Wrong use of the command line: exit code 2. */
export const UsageError = defineErrorFamily('user', {
  SLUICE_USAGE_UNKNOWN_COMMAND: { cause: 'The command does not exist.', cure: 'See `sluice --help`.' },
  SLUICE_USAGE_OPTIONS: { cause: 'The options are not valid.', cure: 'See `sluice <command> --help`.' },
  SLUICE_USAGE_ARGUMENTS: {
    cause: 'The arguments are not valid.',
    cure: 'See `sluice <command> --help`.',
  },
});

/** All options of a command. */
export function allOptions({ options }: Pick<Command, 'options'>): CommandOptions {
  return { ...options, json: { type: 'boolean', help: 'print JSON' } };
}

/**
 * Parses what follows a command's name.
 *
 * @throws UsageError SLUICE_USAGE_OPTIONS for an option that is not valid, with one that may have been meant.
 */
export function readCommandLine(command: Pick<Command, 'options'>, argv: readonly string[]): CommandLine {
  const options = allOptions(command);
  const { values, positionals } = parseOptions(options, argv);
  for (const [name, { values: allowed }] of Object.entries(options)) {
    const value = values[name];
    if (allowed === undefined || typeof value !== 'string' || allowed.includes(value)) continue;
    const problem = `--${name}: got ${JSON.stringify(value)}, ${expectedOf(value, allowed)}`;
    throw new UsageError('SLUICE_USAGE_OPTIONS', problem);
  }
  return { values, positionals };
}

/** Parses options with `node:util`. @throws UsageError for an option that is not declared, or a value that it does not take. */
function parseOptions(options: CommandOptions, argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { ...options }, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [unknown = '', name = ''] = /^Unknown option '(-[^']*)'\./.exec(error.message) ?? [];
    const known = Object.keys(options).map((option) => `--${option}`);
    // SQL, for example, that begins with a remark: the message says how to pass it.
    const isOption = /^--?\w[\w-]*$/.test(name);
    const meant = didYouMean(name, known) || (isOption ? ` Expected ${oneOf(known)}.` : '');
    const problem = meant === '' ? error.message.replaceAll('\n', ' ') : `${unknown}${meant}`;
    throw new UsageError('SLUICE_USAGE_OPTIONS', problem);
  }
}

/** Values that are listed beside a suggestion. */
const MOST_LISTED = 4;

/** `expected a or b.`, or of a long list only what may be meant: `which it does not take. Did you mean a?` */
function expectedOf(word: string, values: readonly string[]): string {
  const meant = didYouMean(word, values);
  if (meant !== '' && values.length > MOST_LISTED) return `which is not a valid value.${meant}`;
  return `expected ${oneOf(values)}.${meant}`;
}

/** `a or b`, `one of a, b, c`: the values that are allowed, in words. */
export function oneOf(values: readonly string[]): string {
  return values.length <= 2 ? values.join(' or ') : `one of ${values.join(', ')}`;
}

/**
 * The value of an option that declares its `values`; undefined without the option.
 *
 * @param values The declared ones. Others were refused when the line was read.
 */
export function choiceOption<Value extends string>(
  line: Pick<CommandLine, 'values'>,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const text = textOption(line, name);
  return values.find((value) => value === text);
}

/** The text of an option; undefined without it. */
export function textOption({ values }: Pick<CommandLine, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * The text of an option whose empty text means nothing; undefined without the option.
 *
 * @throws UsageError for an empty text, as of a variable that is not set.
 */
export function filledOption(line: Pick<CommandLine, 'values'>, name: string): string | undefined {
  const text = textOption(line, name);
  if (text === '') throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got an empty text.`);
  return text;
}

/**
 * The stage of `--stage`; undefined without it. Whether the configuration has such a stage is seen when it is loaded.
 *
 * @throws UsageError for a text that can be no part of a name.
 */
export function stageOption(line: Pick<CommandLine, 'values'>): string | undefined {
  const stage = textOption(line, 'stage') || undefined;
  if (stage === undefined || /^[A-Za-z0-9-]+$/.test(stage)) return stage;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--stage: got ${stage}, expected letters, digits and -.`);
}

/**
 * An option's whole number.
 *
 * @param bounds `usual` without the option; `least` is 1 unless it is given.
 * @throws UsageError for anything else.
 */
export function countOption<Usual extends number | undefined>(
  line: CommandLine,
  name: string,
  { usual, least = 1, most }: { readonly usual: Usual; readonly least?: number; readonly most: number },
): number | Usual {
  const text = textOption(line, name);
  if (text === undefined) return usual;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got ${text}, expected ${least} to ${most}.`);
}

/** The highest port of TCP. */
export const MOST_PORT = 65_535;

/** Ports from 1024 on that no `fetch` calls, neither of Node nor of a browser. https://fetch.spec.whatwg.org/#port-blocking */
const BLOCKED_PORTS: readonly number[] = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10_080,
];

/** A port of TCP; 0 is any free one. @param usual Without the option. @throws UsageError, also for a port that `fetch` refuses. */
export function portOption(line: CommandLine, name: string, usual: number): number {
  const port = countOption(line, name, { usual, least: 0, most: MOST_PORT });
  if (BLOCKED_PORTS.includes(port))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--${name}: got ${port}, which fetch refuses as a bad port: use another one, as ${usual}.`,
    );
  return port;
}

/** `--days` of a calendar of days: at most a year and a day, 14 by default. @throws UsageError. */
export function calendarDays(line: CommandLine): number {
  return countOption(line, 'days', SHOWN_DAYS);
}

/** The day of an option; undefined without it. @throws UsageError for anything but a day. */
export function dayOption(line: CommandLine, name: string): UtcDay | undefined {
  const text = textOption(line, name);
  if (text !== undefined && !isUtcDay(text))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got ${text}, expected YYYY-MM-DD.`);
  return text;
}

/**
 * The days from `--from` to `--to`, which is the same day by default; undefined without both.
 *
 * @throws UsageError for `--to` alone, days in the wrong order, or more than `most`.
 */
export function daysOption(line: CommandLine, most: number): readonly UtcDay[] | undefined {
  const from = dayOption(line, 'from');
  const to = dayOption(line, 'to') ?? from;
  if (to === undefined) return undefined;
  if (from === undefined) throw new UsageError('SLUICE_USAGE_OPTIONS', '--to without --from.');
  assertOrder(from, to);
  const days = daysBetween(from, to);
  if (days.length > most)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--from ${from}, --to ${to}: got ${days.length} days, expected at most ${most} days.`,
    );
  return days;
}

/** Requires that the first day is not after the last. @throws UsageError `SLUICE_USAGE_OPTIONS` */
export function assertOrder(from: UtcDay, to: UtcDay): void {
  if (from > to) throw new UsageError('SLUICE_USAGE_OPTIONS', `--from ${from} is after --to ${to}.`);
}

/** The one argument of a command. @throws UsageError for none, an empty one, or more. */
export function onlyArgument([first = '', ...more]: readonly string[], expected: string): string {
  if (first === '' || more.length > 0)
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', `Expected ${expected}.`);
  return first;
}

/** Requires that no arguments are left, as of a command that takes no more. @throws UsageError `SLUICE_USAGE_ARGUMENTS` */
export function assertNoArguments(left: readonly string[]): void {
  if (left.length > 0)
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', `Unexpected argument: ${left.join(' ')}.`);
}

/** One action of a command that has several, as `pull` of `sluice groups`. */
export interface Action {
  /** One line for the list of the command's actions. */
  readonly summary: string;
  /** Its own options, besides those that all actions of the command take. */
  readonly options: readonly string[];
  /** The arguments that follow its name. Default: none. */
  readonly takes?: string;
  /** Whether it changes something in its target. Default: one with `--dry-run` does without that. */
  readonly changes?: Changes;
  /** Resolves with the exit code. */
  run(line: CommandLine, rest: readonly string[]): Promise<number>;
}

/** Makes a command that runs the action that its first argument names. */
export function commandWithActions(
  command: Omit<Command, 'run'> & Required<Pick<Command, 'actions'>>,
): Command {
  return { ...command, run: (line) => runAction(line, command.actions) };
}

/**
 * Runs the action that the first argument names.
 *
 * @throws UsageError for another name, arguments that the action does not take, and options of another action: ignored,
 *   they would seem to have had an effect.
 */
async function runAction(line: CommandLine, actions: Readonly<Record<string, Action>>): Promise<number> {
  const [name = '', ...rest] = line.positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const names = Object.keys(actions);
    const got = name === '' ? '' : `Got ${JSON.stringify(name)}. `;
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      `${got}Expected ${oneOf(names)}.${didYouMean(name, names)}`,
    );
  }
  if (action.takes === undefined) assertNoArguments(rest);
  const strays = Object.keys(line.values).flatMap((option) => {
    const owners = Object.keys(actions).filter((other) => actions[other]?.options.includes(option));
    return owners.length === 0 || owners.includes(name)
      ? []
      : [`--${option}: not an option of ${name}, but of ${owners.join(', ')}.`];
  });
  if (strays.length > 0) throw new UsageError('SLUICE_USAGE_OPTIONS', strays.join(' '));
  return action.run(markChanges(line, action.changes, action.options.includes('dry-run')), rest);
}

/** Whether `--dry-run` was given: nothing is changed. */
export function isDryRun({ values }: Pick<CommandLine, 'values'>): boolean {
  return values['dry-run'] === true;
}

/** A line that says whether it changes something. @param hasDryRun Whether `--dry-run` is an option. */
export function markChanges(
  line: CommandLine,
  changes: Changes | undefined,
  hasDryRun: boolean,
): CommandLine {
  const isChange = changes?.(line) ?? (hasDryRun && !isDryRun(line));
  return isChange ? { ...line, changes: true } : line;
}

/** The option of commands and actions that change something, and can say before what they would change. */
export const dryRunOption = {
  'dry-run': { type: 'boolean', help: 'only print what would be done' },
} as const satisfies CommandOptions;

/** The options that {@link daysOption} reads. */
export const rangeOptions = {
  from: { type: 'string', help: 'first day, YYYY-MM-DD' },
  to: { type: 'string', help: 'last day (default: the first)' },
} as const satisfies CommandOptions;

/** The option that {@link calendarDays} reads. */
export const calendarOption = {
  days: { type: 'string', help: `days to show (default ${SHOWN_DAYS.usual})` },
} as const satisfies CommandOptions;

/** The option of a command that shows datasets or exports in pages. */
export const pageOption = {
  after: { type: 'string', help: 'show what follows this name, as the page before says' },
} as const satisfies CommandOptions;

/** The options of every command that is about a deployment; `configuredTarget` reads them. */
export const targetOptions = {
  local: { type: 'boolean', help: 'the local cloud, http://127.0.0.1:4566 (default without --stage)' },
  stage: {
    type: 'string',
    help: 'the deployment of this stage; local: the local cloud; with --local: the stage that it runs',
  },
  region: { type: 'string', help: "AWS region (default: the configuration's, which Serverless deploys to)" },
  'endpoint-url': { type: 'string', help: 'another endpoint, e.g. of the local cloud' },
} as const satisfies CommandOptions;
