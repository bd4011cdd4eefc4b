import { commands } from '../../cli/main.ts';
import type { Action, Command, CommandOptions } from '../../cli/terminal/commandLine.ts';
import { COMMON_OPTIONS, EXIT_CODES, PLACE_RULE } from '../../cli/terminal/help.ts';
import { asReference } from './asReference.ts';
import { jsonMembers } from './jsonMembers.ts';

/** docs/reference/cli.md, in whole. */
export function cliPage(): string {
  return asReference(`# The command line

<!-- Made by \`npm run docs\` from cli/ and scripts/docs: edit those. -->

Every \`sluice\` command with its options, as \`sluice help <command>\` prints them. In this repository, put \`npx\` before it: \`npx sluice status\`.

- \`sluice --help\` lists the commands. \`sluice help ingest\`, \`sluice ingest --help\` and \`sluice ingest help\` print the help of one; \`sluice help ingest run\` prints the help of one action. An unknown word is answered with the likely one, and with the command for help.
- \`--\` ends the options: what follows is an argument, even if it begins with a hyphen. \`--stage=prod\` is \`--stage prod\`.
- **Which place.** ${PLACE_RULE} \`start\` and \`test\` always run here, with the configuration of \`--stage\`.

## Output

Data goes to stdout. Notes, progress and errors go to stderr.

**JSON.** With \`--json\` a command prints exactly one JSON object to stdout. Two commands print something else: \`query\` prints an array of row objects, and \`tail\` one object a line. A failure is an object, too, on stdout: \`{"error":{"code","message","cause","cure"}}\`; stderr has the same for people. \`start\` and \`console\` write it to stderr, because their only line on stdout says that they are ready. Every code is in [errors.md](reference/errors.md).

**Exit codes.**

| code | meaning |
|---|---|
${Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `| ${code} | ${meaning} |`)
  .join('\n')}

**Colours.** A terminal gets colours, stdout and stderr each for itself: problems are red, warnings yellow, good results green, headings bold. \`--color\` and \`--no-color\` decide first, then the variables [\`NO_COLOR\`](https://no-color.org) and \`FORCE_COLOR\`, then \`TERM=dumb\`. JSON never has colours.

**Widths.** On a terminal, help and reports are wrapped to its width, and the widest columns of tables are cut with \`…\`. In a pipe help has 80 columns, and tables are not cut. Long examples in help are broken with \`\\\`, so that they can be pasted; commands in reports are not broken.

**Progress.** Long work reports its progress on stderr: on a terminal on one line, elsewhere at most every half a minute, and with \`--json\` or \`--quiet\` not at all.

## Commands

Every command also takes these:

${optionTable(COMMON_OPTIONS, {})}

${commands.map(section).join('\n')}`);
}

function section({ name, summary, usage, options, examples, actions = {} }: Command): string {
  const rows = Object.entries(actions).map(([action, one]) => `| \`${action}\` | ${cell(one.summary)} |`);
  return `### sluice ${name}

${summary}

\`\`\`
${usage}
\`\`\`
${rows.length === 0 ? '' : `\n| action | what it does |\n|---|---|\n${rows.join('\n')}\n`}${
  Object.keys(options).length === 0 ? '' : `\n${optionTable(options, actions)}\n`
}
\`\`\`sh
${examples.join('\n')}
\`\`\`
${jsonMembers[name] === undefined ? '' : `\nMembers of \`--json\`:\n\n${jsonMembers[name]}\n`}`;
}

function optionTable(options: CommandOptions, actions: Readonly<Record<string, Action>>): string {
  const hasActions = Object.keys(actions).length > 0;
  const rows = Object.entries(options).map(([name, { type, help, values }]) => {
    const takers = Object.keys(actions).filter((action) => actions[action]?.options.includes(name));
    const of = takers.length === 0 ? 'all' : takers.map((action) => `\`${action}\``).join(', ');
    const value = type === 'boolean' ? '' : values === undefined ? ' …' : ` ${values.join('|')}`;
    return `| \`--${name}${value.replaceAll('|', '\\|')}\` |${hasActions ? ` ${of} |` : ''} ${cell(help)} |`;
  });
  const head = hasActions
    ? '| option | of | what it does |\n|---|---|---|'
    : '| option | what it does |\n|---|---|';
  return `${head}\n${rows.join('\n')}`;
}

/** Text in a cell: a | would begin another, and < would be HTML. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
