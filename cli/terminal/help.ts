import { type Action, type Command, type CommandOptions, oneOf } from './commandLine.ts';

/** Columns of help. */
const WIDTH = 80;

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
export function overview(commands: readonly Command[]): string {
  return sections([
    wrapLines('Sluice: a self-hosted pipeline for exposures and events.', WIDTH),
    wrapLines('sluice <command> [options]', WIDTH, 'Usage: ', '         '),
    ['Commands:', ...twoColumns(commands.map(({ name, summary }) => [name, summary]))],
    ['Options:', ...twoColumns(optionRows(COMMON_OPTIONS))],
    wrapLines(PLACE_RULE, WIDTH),
    ['Exit codes:', ...twoColumns(Object.entries(EXIT_CODES))],
    wrapLines(
      'sluice <command> --help (or sluice help <command>) prints details; sluice --version prints the version.',
      WIDTH,
    ),
  ]);
}

/** The text of `sluice <command> --help`; with the name of an action, of that action alone. */
export function commandHelp(command: Command, action?: string): string {
  const { name, examples, actions = {} } = command;
  const one = action === undefined ? undefined : actions[action];
  const usage =
    one === undefined
      ? command.usage
      : `sluice ${name} ${action}${one.takesArguments === true ? ' …' : ''} [options]`;
  const shown = examples.filter((line) => action === undefined || line.includes(`sluice ${name} ${action}`));
  const rows = Object.entries(actions).map(([each, { summary }]): [string, string] => [each, summary]);
  return sections([
    wrapLines(one?.summary ?? command.summary, WIDTH),
    wrapLines(usage, WIDTH, 'Usage: ', '         '),
    one === undefined && rows.length > 0 ? ['Actions:', ...twoColumns(rows)] : [],
    ['Options:', ...twoColumns(optionRows(optionsOf(command, action)))],
    shown.length > 0 ? ['Examples:', ...shown.map((line) => `  ${line}`)] : [],
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

function twoColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const left = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.flatMap(([name, text]) => wrapLines(text, WIDTH, `  ${name.padEnd(left)}  `));
}

/** Groups of lines with an empty line between them; empty groups are left out. */
function sections(groups: readonly (readonly string[])[]): string {
  return groups.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])).join('\n');
}

/**
 * Breaks a text at spaces into lines that are no wider than that. A word that is wider than a line stays whole, on a line
 * of its own: cut, it could not be copied.
 *
 * @param width Columns, the margins included.
 * @param first Before the first line.
 * @param rest Before each further line. Default as many spaces as the first has characters.
 */
export function wrapLines(
  text: string,
  width: number,
  first = '',
  rest = ' '.repeat(first.length),
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/).filter((one) => one !== '')) {
    const margin = lines.length === 0 ? first : rest;
    if (line !== '' && margin.length + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, ((lines.length === 0 ? first : rest) + line).trimEnd()];
}
