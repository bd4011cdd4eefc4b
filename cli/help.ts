import type { Command } from './Command.ts';

/** What `sluice --help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
  return `Sluice: a self-hosted pipeline for exposures and events.\n\nUsage: sluice <command> [options]\n\n${list}\n\nsluice <command> --help (or sluice help <command>) says more; sluice --version prints the version.\n`;
}

/** What `sluice <command> --help` prints. */
export function commandHelp({ usage, summary, options, examples }: Command): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `--${name}${option.type === 'string' ? ' …' : ''}`,
    option.help,
  ]);
  const width = Math.max(0, ...rows.map(([flag = '']) => flag.length));
  const list = rows.map(([flag = '', help]) => `  ${flag.padEnd(width)}  ${help}`).join('\n');
  return `${summary}\n\nUsage: ${usage}\n\n${list}\n\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}\n`;
}
