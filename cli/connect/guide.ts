import { visibleLine } from '../../lib/base/text.ts';
import { wrapLines } from '../terminal/help.ts';
import type { DeployedStack } from './readDeployment.ts';
import { section, sectionLines, type Values } from './template.ts';

/** One field of a product's form, with its label there. */
export interface Field {
  readonly label: string;
  /** The value to enter; empty to leave the field empty. For a secret it is the member that holds it, never the secret. */
  readonly value: string;
  /** Set when `value` is the member of a secret in Secrets Manager, whose ARN is `secret`. */
  readonly secret?: string;
  readonly note?: string;
}

/** SQL in Athena's dialect, ready to be pasted. */
export interface SqlSnippet {
  readonly name: string;
  /** The question that it answers, or its purpose. */
  readonly about: string;
  readonly sql: string;
}

/** One step of a guide. */
export interface Step {
  /** The action and where to click. */
  readonly title: string;
  readonly notes?: readonly string[];
  readonly fields?: readonly Field[];
  /** For a POSIX shell. */
  readonly commands?: readonly string[];
  readonly queries?: readonly SqlSnippet[];
}

/** What `sluice connect` connects. */
export type Product = 'statsig' | 'owox' | 'metabase' | 'statsig-bucket';

/** The steps that connect a product, in their order. */
export interface SetupGuide {
  readonly product: Product;
  /** Name of the reader in `readers`, if it is one. */
  readonly reader?: string;
  readonly steps: readonly Step[];
}

/**
 * A step of guides.txt: its title, then lines with a field (`| label | value | note`), a command (`$ …`) or a note.
 *
 * @param more What is not in the template.
 * @returns None if a value of its title is undefined.
 */
export function guideStep(name: string, values: Values, more: Partial<Step> = {}): Step[] {
  const [title, ...rest] = sectionLines('guides.txt', name, values);
  if (title === undefined) return [];
  const lines = rest.flatMap((line) => line || []);
  const fields = lines.filter((line) => line.startsWith('| ')).map((line) => fieldOf(line, values));
  const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  const notes = lines.filter((line) => !/^[|$] /.test(line));
  return [
    {
      title,
      commands: [...commands, ...(more.commands ?? [])],
      fields: [...fields, ...(more.fields ?? [])],
      notes,
      queries: more.queries ?? [],
    },
  ];
}

/** `<member>` is a member of the secret with the access keys. */
function fieldOf(line: string, { secretArn }: Values): Field {
  const [label = '', value = '', note] = line
    .slice(1)
    .split('|')
    .map((part) => part.trim());
  const [, member] = /^<(\w+)>$/.exec(value) ?? [];
  return {
    label,
    value: member ?? value,
    ...(member === undefined ? {} : { secret: String(secretArn) }),
    ...(note === undefined ? {} : { note }),
  };
}

/** What to look up first, and what to add to `sluice.config.ts`, for a product that the configuration does not have. */
export function missingProduct(product: Product, bucket: string) {
  const [first = '', snippet = ''] = section('guides.txt', `missing-${product}`, { bucket }).split('\n---\n');
  return { product, first: first.split('\n'), snippet };
}

/** {@link missingProduct} for the terminal. */
export function missingProductText({ product, first, snippet }: ReturnType<typeof missingProduct>): string {
  const titles = [...first, 'Add this to defineConfig({ … }) in sluice.config.ts'];
  const again = `Deploy (locally: stop the cloud and start it again), then run sluice connect ${product} again`;
  const numbered = titles.map((title, i) => stepText({ title }, i)).join('\n\n');
  return `There is no ${product} in the configuration.\n\n${numbered}\n\n${snippet}\n\n${stepText({ title: again }, titles.length)}\n`;
}

/** Width of prose, in columns of a terminal. */
const WIDTH = 110;

/** A guide for the terminal: numbered steps, with SQL at the margin so that it can be copied. */
export function guideText(
  { product, reader, steps }: SetupGuide,
  { stackName, region, account }: DeployedStack,
): string {
  const of = reader === undefined ? '' : ` · reader ${reader}`;
  const head = `${product}${of} · ${stackName} in ${region} of account ${account}`;
  return `${[head, ...steps.map(stepText)].join('\n\n')}\n`;
}

function stepText(
  { title, commands = [], fields = [], queries = [], notes = [] }: Step,
  index: number,
): string {
  return [
    ...wrapLines(title, WIDTH, `${index + 1}. `),
    ...commands.map((command) => `   $ ${command}`),
    ...fieldLines(fields),
    ...notes.flatMap((note) => wrapLines(note, WIDTH, '   ')),
    ...queries.flatMap(({ name, about, sql }) => [
      '',
      ...wrapLines(`${name}: ${about}`, WIDTH, '   '),
      `\n${sql}`,
    ]),
  ].join('\n');
}

/** Labels and values in columns, with notes after them. */
function fieldLines(fields: readonly Field[]): string[] {
  const width = Math.max(0, ...fields.map(({ label }) => label.length));
  return fields.map(({ label, value, secret, note }) => {
    const plain = value === '' ? '<leave empty>' : visibleLine(value);
    const shown = secret === undefined ? plain : `<${visibleLine(value)}>`;
    return `   ${label.padEnd(width)}  ${shown}${note === undefined ? '' : `   (${note})`}`;
  });
}
