import { visibleJson } from '../lib/base/text.ts';
import { VERSION } from '../lib/base/version.ts';
import { check } from './commands/check.ts';
import { connect } from './commands/connect.ts';
import { consoleCommand } from './commands/console.ts';
import { cost } from './commands/cost.ts';
import { curate } from './commands/curate.ts';
import { customer } from './commands/customer.ts';
import { doctor } from './commands/doctor.ts';
import { drain } from './commands/drain.ts';
import { eraseCommand } from './commands/erase.ts';
import { exporting } from './commands/export.ts';
import { groups } from './commands/groups.ts';
import { hold } from './commands/hold.ts';
import { ingest } from './commands/ingest.ts';
import { keys } from './commands/keys.ts';
import { names } from './commands/names.ts';
import { policy } from './commands/policy.ts';
import { probe } from './commands/probe.ts';
import { quarantine } from './commands/quarantine.ts';
import { query } from './commands/query.ts';
import { reconcile } from './commands/reconcile.ts';
import { redrive } from './commands/redrive.ts';
import { relay } from './commands/relay.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { tables } from './commands/tables.ts';
import { tail } from './commands/tail.ts';
import { trace } from './commands/trace.ts';
import { type Command, didYouMean, readCommandLine, UsageError } from './terminal/commandLine.ts';
import { commandError, errorText } from './terminal/errors.ts';
import { writeJson, writeNote, writeOut } from './terminal/output.ts';

const commands: readonly Command[] = [
  start,
  consoleCommand,
  query,
  keys,
  quarantine,
  redrive,
  hold,
  drain,
  groups,
  ingest,
  exporting,
  curate,
  relay,
  eraseCommand,
  customer,
  policy,
  connect,
  doctor,
  status,
  reconcile,
  tail,
  trace,
  tables,
  probe,
  check,
  names,
  cost,
];

/**
 * Runs one command line. Data goes to stdout, notes go to stderr. With `--json`, an error is also an object on stdout,
 * `{"error":{"code","message","cause","cure"}}`; `start` writes it to stderr.
 *
 * @returns the exit code: 0 success, 1 failure, 2 wrong use, 3 problems found, 130 interrupted.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  let command: Command | undefined;
  try {
    if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
      writeOut(overview(commands));
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      writeOut(`${VERSION}\n`);
      return 0;
    }
    const isHelp = name === 'help';
    command = findCommand(isHelp ? (rest[0] ?? '') : name);
    if (isHelp || rest.includes('--help') || rest.includes('-h')) {
      writeOut(commandHelp(command));
      return 0;
    }
    return await command.run(readCommandLine(command, rest));
  } catch (error) {
    reportError(error, command, argv.includes('--json'));
    return error instanceof UsageError ? 2 : 1;
  }
}

function reportError(error: unknown, command: Command | undefined, asJson: boolean): void {
  const object = { error: commandError(error, command?.name) };
  if (asJson && command?.jsonErrorsOn === 'stderr') {
    writeNote(`${visibleJson(object)}\n`);
    return;
  }
  if (asJson) writeJson(object);
  writeNote(errorText(error, command?.name));
}

/** @throws UsageError SLUICE_USAGE_UNKNOWN_COMMAND. */
function findCommand(name: string): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  if (name.startsWith('-'))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `${name}: expected a command first, then its options.`);
  const names = commands.map((one) => one.name);
  throw new UsageError('SLUICE_USAGE_UNKNOWN_COMMAND', `${JSON.stringify(name)}.${didYouMean(name, names)}`);
}

/** The text of `sluice --help`. */
function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
  return `Sluice: a self-hosted pipeline for exposures and events.\n\nUsage: sluice <command> [options]\n\n${list}\n\nsluice <command> --help (or sluice help <command>) prints details; sluice --version prints the version.\n`;
}

/** The text of `sluice <command> --help`. */
function commandHelp({ usage, summary, options, examples }: Command): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `--${name}${option.type === 'string' ? ' …' : ''}`,
    option.help,
  ]);
  const width = Math.max(0, ...rows.map(([flag = '']) => flag.length));
  const list = rows.map(([flag = '', help]) => `  ${flag.padEnd(width)}  ${help}`).join('\n');
  return `${summary}\n\nUsage: ${usage}\n\n${list}\n\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}\n`;
}
