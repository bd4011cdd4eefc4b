import {
  type Action,
  allOptions,
  type Command,
  type CommandOptions,
  oneOf,
  PROBLEMS_FOUND,
} from './commandLine.ts';
import { INTERRUPTED, TERMINATED } from './interrupt.ts';

/** The most columns of a line of help. */
const WIDTH = 80;

/** Every exit code with its meaning. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'failure',
  2: 'wrong use',
  [PROBLEMS_FOUND]: 'the command worked, and what it found needs attention',
  [INTERRUPTED]: 'interrupted with Ctrl-C',
  [TERMINATED]: 'an erasure was stopped by SIGTERM',
};

/** Which deployment a command is about: `namedTarget` of cli/aws/target.ts decides it. */
export const PLACE_RULE =
  'A command is about the local cloud, as with --local or --stage local; --stage NAME makes it about that deployment in AWS. A command that changes something prints its place first.';

/** What stands before the lines of a usage: further lines are indented by two columns more than the first one's text. */
const USAGE = { first: 'Usage: ', rest: ' '.repeat(9) };

/** The text of `sluice --help`. */
export function overview(commands: readonly Command[]): string {
  return sections([
    wrapLines('Sluice: a self-hosted pipeline for exposures and events.', WIDTH),
    wrapLines('sluice <command> [options]', WIDTH, USAGE.first, USAGE.rest),
    ['Commands:', ...twoColumns(commands.map(({ name, summary }) => [name, summary]))],
    wrapLines(PLACE_RULE, WIDTH),
    ['Exit codes:', ...twoColumns(Object.entries(EXIT_CODES))],
    wrapLines('sluice <command> --help prints details; sluice --version prints the version.', WIDTH),
  ]);
}

/** The text of `sluice <command> --help`. */
export function commandHelp(command: Command): string {
  const { name, takes, summary, examples, actions = {} } = command;
  const actionRows = Object.entries(actions).map(([action, settings]): [string, string] => [
    action,
    settings.summary,
  ]);
  const usages = Object.entries(actions).map(([action, settings]) => withArguments(action, settings.takes));
  const usage = withArguments(`sluice ${name}`, usages.length === 0 ? takes : usages.join(' | '));
  return sections([
    wrapLines(summary, WIDTH),
    wrapLines(`${usage} [options]`, WIDTH, USAGE.first, USAGE.rest),
    actionRows.length > 0 ? ['Actions:', ...twoColumns(actionRows)] : [],
    ['Options:', ...twoColumns(optionRows(allOptions(command), actions))],
    ['Examples:', ...examples.map((line) => `  ${line}`)],
  ]);
}

/** `accept DAY`: a command or action with its arguments. docs/reference/cli.md has the same. */
export function withArguments(name: string, takes: string | undefined): string {
  return takes === undefined ? name : `${name} ${takes}`;
}

/** The options with their helps. */
function optionRows(
  options: CommandOptions,
  actions: Readonly<Record<string, Action>>,
): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, { type, help, values }]) => {
    const choices = values === undefined ? '' : `: ${oneOf(values)}`;
    return [`--${name}${type === 'string' ? ' …' : ''}`, `${takers(name, actions)}${help}${choices}`];
  });
}

/** `run, backfill: ` of an option that only some actions take; empty of one that all take. docs/reference/cli.md has the same. */
export function takers(name: string, actions: Readonly<Record<string, Action>>): string {
  const named = Object.keys(actions).filter((action) => actions[action]?.options.includes(name));
  return named.length === 0 ? '' : `${named.join(', ')}: `;
}

/** Names with their texts, which begin in the same column. */
function twoColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const left = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.flatMap(([name, text]) => wrapLines(text, WIDTH, `  ${name.padEnd(left)}  `));
}

/** Groups of lines with an empty line between them; empty groups are left out. */
function sections(groups: readonly (readonly string[])[]): string {
  return groups.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])).join('\n');
}

/**
 * Breaks a text at spaces into lines of at most `width` columns. A word that is wider than a line stays whole, on a line
 * of its own: cut, it could not be copied.
 *
 * @param width Columns, the margins included.
 * @param first Before the first line.
 * @param rest Before each further line. Default as many spaces as the first has characters.
 */
function wrapLines(
  text: string,
  width: number,
  first = '',
  rest = ' '.repeat(first.length),
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/).filter((piece) => piece !== '')) {
    const margin = lines.length === 0 ? first : rest;
    if (line !== '' && margin.length + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, ((lines.length === 0 ? first : rest) + line).trimEnd()];
}
