import { visibleLine } from '../../lib/base/text.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import type { DeployedStack } from './readDeployment.ts';

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

/** The steps that connect a product, in their order. */
export interface SetupGuide {
  readonly product: 'statsig' | 'owox' | 'metabase';
  /** Name of the reader in `readers`. */
  readonly reader: string;
  readonly steps: readonly Step[];
}

/** Lists the tables for products that want a table instead of a view; empty without `curate: true`. */
export function tableNotes({ curate, curatedTables, database }: Config): readonly string[] {
  if (!curate) return [];
  const { events, exposures } = curatedTables;
  return [
    `Where it wants a table instead of a view, use ${database}.${events} or ${database}.${exposures} with the filter copy = 1: one row an event, of all environments, of the days that are curated (docs/curated.md). The views also have the days that are not.`,
  ];
}

/** The steps before a product can be connected: it needs a reader in the configuration. */
interface MissingReader {
  readonly product: SetupGuide['product'];
  /** Things to look up or decide first. */
  readonly first: readonly string[];
  /** To be pasted into `sluice.config.ts`. */
  readonly snippet: string;
}

/** Returns the things to look up, and the entry to add to `readers`, for a product without a reader. */
export function missingReader(product: SetupGuide['product'], bucket: string): MissingReader {
  return { product, ...MISSING[product](bucket) };
}

const MISSING: Record<Reader['kind'], (bucket: string) => Omit<MissingReader, 'product'>> = {
  statsig: () => ({
    first: [
      "In Statsig's console, under Data Connection for Athena, find the Statsig S3 Folder, the Statsig Account ID and, for a role, the External ID. Statsig generates all three, and shows them before the connection is complete.",
      'statsigFolder must be that folder: it holds both the SDK data and what Statsig stages.',
    ],
    snippet: `statsigFolder: '<Statsig S3 Folder>',
readers: [
  { kind: 'statsig', name: 'statsig', principal: '<Statsig Account ID>', externalId: '<External ID>' },
],`,
  }),
  owox: (bucket) => ({
    first: [
      "Choose a name for the bucket of OWOX's results, which the stack creates. OWOX's form takes a bucket without a folder, so it cannot be the bucket of the data.",
    ],
    snippet: `readers: [
  { kind: 'owox', name: 'owox', resultsBucket: '${bucket}-owox' },
],`,
  }),
  metabase: () => ({
    first: [
      "Where does Metabase run? In Metabase Cloud or outside AWS it needs access keys, as below; on EC2 or ECS it needs a role and no keys: add as: 'role', principal: 'ec2' (or 'ecs-tasks').",
    ],
    snippet: `readers: [
  { kind: 'metabase', name: 'metabase' },
],`,
  }),
};

/** Width of prose, in columns of a terminal. */
const WIDTH = 110;

/** A guide for the terminal: numbered steps, with SQL at the margin so that it can be copied. */
export function guideText(
  guide: Pick<SetupGuide, 'steps'> & { readonly product: string; readonly reader?: string },
  { stackName, region, account }: DeployedStack,
): string {
  const reader = guide.reader === undefined ? '' : ` · reader ${guide.reader}`;
  const head = `${guide.product}${reader} · ${stackName} in ${region} of account ${account}`;
  return `${[head, ...guide.steps.map(stepText)].join('\n\n')}\n`;
}

/** The steps before a product can be connected, for the terminal. */
export function missingReaderText({ product, first, snippet }: MissingReader): string {
  const steps: Step[] = [
    ...first.map((title) => ({ title })),
    { title: 'Add this to defineConfig({ … }) in sluice.config.ts' },
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

/** Labels and values in columns, with notes after them. */
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

function queryText({ name, about, sql }: SqlSnippet): string {
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
