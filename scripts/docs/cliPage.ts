import { commands } from '../../cli/main.ts';
import {
  type Action,
  allOptions,
  type Command,
  type CommandOptions,
  targetOptions,
} from '../../cli/terminal/commandLine.ts';
import { EXIT_CODES, PLACE_RULE, takers, withArguments } from '../../cli/terminal/help.ts';
import { asReference } from './asReference.ts';

/** The whole text of docs/reference/cli.md. */
export function cliPage(): string {
  const codes = Object.entries(EXIT_CODES)
    .map(([code, meaning]) => `| ${code} | ${meaning} |`)
    .join('\n');
  return asReference(`# The command line

<!-- Made by \`npm run docs\` from cli/ and scripts/docs: edit those. -->

\`sluice <command> --help\` prints the same. In this repository, put \`npx\` before it: \`npx sluice status\`.

**Which place.** ${PLACE_RULE} \`start\` and \`test\` always run here, with the configuration of \`--stage\`.

## Output

Data goes to stdout; notes, progress and errors go to stderr. With \`--json\` a command prints exactly one JSON object to stdout: \`query\` an array of row objects, \`tail\` one object a line. A failure is \`{"error":{"code","message","cause","cure"}}\`; [json.md](reference/json.md) has the members of the others. Colours are where a terminal is, and follow [\`NO_COLOR\`](https://no-color.org) and \`FORCE_COLOR\`.

**Exit codes.**

| code | meaning |
|---|---|
${codes}

## Commands

Most commands also take these, which are not repeated below:

${optionList(SHARED, {})}

${commands.map(section).join('\n')}`);
}

/** The options that many commands take. */
const SHARED = allOptions({ options: targetOptions });

/** The section of a command. */
function section({ name, summary, takes, options, actions = {} }: Command): string {
  const usage = takes === undefined ? '' : `\n\`sluice ${withArguments(name, takes)}\`\n`;
  const actionLines = Object.entries(actions).map(
    ([action, settings]) => `- \`${withArguments(action, settings.takes)}\`: ${settings.summary}`,
  );
  const ownOptions = Object.fromEntries(
    Object.entries(options).filter(([option]) => !Object.hasOwn(SHARED, option)),
  );
  const actionsText = actionLines.length === 0 ? '' : `\n${actionLines.join('\n')}\n`;
  const optionsText = Object.keys(ownOptions).length === 0 ? '' : `\n${optionList(ownOptions, actions)}\n`;
  return `### sluice ${name}

${summary}
${usage}${actionsText}${optionsText}`;
}

/** The options of a command, a line each. */
function optionList(options: CommandOptions, actions: Readonly<Record<string, Action>>): string {
  const lines = Object.entries(options).map(([name, { type, help, values }]) => {
    const choices = values?.join('|') ?? '…';
    const argument = type === 'boolean' ? '' : ` ${choices}`;
    return `- \`--${name}${argument}\`: ${takers(name, actions)}${help.replaceAll('<', '&lt;')}`;
  });
  return lines.join('\n');
}
