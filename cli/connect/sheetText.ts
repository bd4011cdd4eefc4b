import { visibleLine } from '../../lib/log/visible.ts';
import type { Deployment } from './Deployment.ts';
import type { Missing } from './missingReader.ts';
import type { Field, PasteReady, Sheet, Step } from './Sheet.ts';

/** Columns of a terminal that prose is broken to. */
const WIDTH = 110;

/** A sheet for a person: numbered steps; SQL stands at the margin, to be copied as it is. */
export function sheetText(sheet: Sheet, { stackName, region, account }: Deployment): string {
  const head = `${sheet.product} · reader ${sheet.reader} · ${stackName} in ${region} of account ${account}`;
  return `${[head, ...sheet.steps.map(stepText)].join('\n\n')}\n`;
}

/** What to do before there is anything to connect. */
export function missingText({ product, first, snippet }: Missing): string {
  const steps: Step[] = [
    ...first.map((title) => ({ title })),
    { title: 'Put this into defineConfig({ … }) of sluice.config.ts' },
  ];
  const numbered = steps.map(stepText).join('\n\n');
  return `There is no reader of kind ${product} in the configuration.

${numbered}

${snippet}

${stepText({ title: `Deploy (locally: stop the cloud and start it again), then run sluice connect ${product} again` }, steps.length)}
`;
}

function stepText(step: Step, index: number): string {
  const { title, commands = [], fields = [], queries = [], notes = [] } = step;
  const number = `${index + 1}. `;
  return [
    wrapped(title, number, ' '.repeat(number.length)),
    ...commands.map((command) => `   $ ${command}`),
    ...fieldLines(fields),
    ...notes.map((note) => wrapped(note, '   ', '   ')),
    ...queries.map(queryText),
  ].join('\n');
}

/** Labels and values side by side; notes behind them. */
function fieldLines(fields: readonly Field[]): string[] {
  const width = Math.max(0, ...fields.map(({ label }) => label.length));
  return fields.map((field) => {
    const { label, note } = field;
    return `   ${label.padEnd(width)}  ${shown(field)}${note === undefined ? '' : `   (${note})`}`;
  });
}

function shown({ value, secret }: Field): string {
  if (secret !== undefined) return `<${visibleLine(value)}>`;
  return value === '' ? '<leave empty>' : visibleLine(value);
}

function queryText({ name, about, sql }: PasteReady): string {
  return `\n${wrapped(`${name}: ${about}`, '   ', '   ')}\n\n${sql}`;
}

function wrapped(text: string, first: string, rest: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const isEmpty = line === first || line === rest;
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${rest}${word}`;
    } else {
      line += isEmpty ? word : ` ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
