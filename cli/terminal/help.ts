import { type Action, type Command, type CommandOptions, oneOf } from './commandLine.ts';
import { wrapCommand, wrapLines } from './wrap.ts';

/** Columns of help where no terminal says how many it has. */
const USUAL_WIDTH = 80;
/** Lines that are longer are hard to read. */
const MOST_WIDTH = 110;
/** Columns that the right one of two columns has at least; else it is below the left one. */
const LEAST_RIGHT = 24;

/** Every exit code with its meaning. */
export const EXIT_CODES: Readonly<Record<string, string>> = {
  0: 'success',
  1: 'failure',
  2: 'wrong use',
  3: 'the command worked, and what it found needs attention',
  130: 'interrupted with Ctrl-C',
};

/** Which deployment a command is about: `namedTarget` of cli/aws/target.ts decides it. */
export const PLACE_RULE =
  'A command is about the local cloud, as with --local or --stage local; --stage NAME makes it about that deployment in AWS. A command that changes something prints its place first.';

/** Options that every command takes. */
const COMMON_OPTIONS = {
  help: { type: 'boolean', help: 'print the help of the command' },
  color: { type: 'boolean', help: 'colours, also where no terminal is' },
  'no-color': {
    type: 'boolean',
    help: 'no colours (default: colours where a terminal is; NO_COLOR, FORCE_COLOR)',
  },
} as const satisfies CommandOptions;

/** The text of `sluice --help`. */
export function overview(commands: readonly Command[], columns = USUAL_WIDTH): string {
  const width = Math.min(columns, MOST_WIDTH);
  return sections([
    wrapLines('Sluice: a self-hosted pipeline for exposures and events.', width),
    wrapLines('sluice <command> [options]', width, { first: 'Usage: ', rest: '         ' }),
    [
      'Commands:',
      ...twoColumns(
        commands.map(({ name, summary }) => [name, summary]),
        width,
      ),
    ],
    ['Options:', ...twoColumns(optionRows(COMMON_OPTIONS), width)],
    wrapLines(PLACE_RULE, width),
    ['Exit codes:', ...twoColumns(Object.entries(EXIT_CODES), width)],
    wrapLines(
      'sluice <command> --help (or sluice help <command>) prints details; sluice --version prints the version.',
      width,
    ),
  ]);
}

/** The text of `sluice <command> --help`; with the name of an action, of that action alone. */
export function commandHelp(command: Command, action?: string, columns = USUAL_WIDTH): string {
  const width = Math.min(columns, MOST_WIDTH);
  const { name, examples, actions = {} } = command;
  const one = action === undefined ? undefined : actions[action];
  const usage =
    one === undefined
      ? command.usage
      : `sluice ${name} ${action}${one.takesArguments === true ? ' …' : ''} [options]`;
  const shown = examples.filter((line) => action === undefined || line.includes(`sluice ${name} ${action}`));
  const rows = Object.entries(actions).map(([each, { summary }]): [string, string] => [each, summary]);
  return sections([
    wrapLines(one?.summary ?? command.summary, width),
    wrapLines(usage, width, { first: 'Usage: ', rest: '         ' }),
    one === undefined && rows.length > 0 ? ['Actions:', ...twoColumns(rows, width)] : [],
    ['Options:', ...twoColumns(optionRows(optionsOf(command, action)), width)],
    shown.length > 0 ? ['Examples:', ...shown.flatMap((line) => wrapCommand(line, width, '  '))] : [],
  ]);
}

/** The options of a command; of one of its actions, those that it takes. */
function optionsOf({ options, actions = {} }: Command, action?: string): CommandOptions {
  if (action === undefined) return options;
  const ofOthers = (option: string) =>
    Object.values(actions).some((one: Action) => one.options.includes(option)) &&
    actions[action]?.options.includes(option) !== true;
  return Object.fromEntries(Object.entries(options).filter(([option]) => !ofOthers(option)));
}

function optionRows(options: CommandOptions): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, { type, help, values }]) => [
    `--${name}${type === 'string' ? ' …' : ''}`,
    // A help that names the values itself says what they mean.
    values === undefined || values.every((value) => help.includes(value))
      ? help
      : `${help}: ${oneOf(values)}`,
  ]);
}

function twoColumns(rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  const left = Math.max(0, ...rows.map(([name]) => name.length));
  const isNarrow = width - left - 4 < LEAST_RIGHT;
  return rows.flatMap(([name, text]) =>
    isNarrow
      ? [`  ${name}`, ...wrapLines(text, width, { first: '      ' })]
      : wrapLines(text, width, { first: `  ${name.padEnd(left)}  ` }),
  );
}

/** Groups of lines with an empty line between them; empty groups are left out. */
function sections(groups: readonly (readonly string[])[]): string {
  return groups.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])).join('\n');
}
