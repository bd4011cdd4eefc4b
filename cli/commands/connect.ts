import { ACCOUNT_PLACEHOLDER } from '../../lib/access/arns.ts';
import { didYouMean, visibleLine } from '../../lib/base/text.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { Form, ReaderForm } from '../connect/forms.ts';
import type { OwnerPolicies } from '../connect/ownerPolicies.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';

/** The word in place of a product that asks for the policies of a bucket's owner. */
const OWNER = 'owner';

/** A product with a form: of a reader of the data, or of Statsig's own bucket. */
type Product = Form['product'];

/** Every product, and what `--help` lists. A product without a line here does not compile. */
const PRODUCTS = Object.keys({
  statsig: true,
  owox: true,
  metabase: true,
  'statsig-bucket': true,
} satisfies Record<Product, true>) as readonly Product[];

/** A form of a deployment. */
interface ConnectedForm extends ReaderForm {
  /** Name of the reader; absent of Statsig's bucket. */
  readonly reader?: string;
  /** Name of the stack. */
  readonly stack: string;
  /** The region of AWS. */
  readonly region: string;
  /** The account of AWS. */
  readonly account: string;
}

/** `sluice connect`: the values of the stack for each field of a product's form, and SQL to paste. */
export const connect: Command = {
  name: 'connect',
  summary:
    "Print the stack's values for each field of a product's form, with SQL to paste; or the policies for the owner of a bucket that readers read.",
  takes: `${PRODUCTS.join('|')} | ${OWNER} BUCKET`,
  options: {
    ...targetOptions,
    reader: { type: 'string', help: 'name of one of `readers` (default: the first of its kind)' },
  },
  examples: [
    'sluice connect metabase --local',
    'sluice connect statsig --stage prod --json | jq .assignmentSource',
    'sluice connect owner acme-finance --stage prod',
  ],
  async run(line) {
    const [word = '', ...others] = line.positionals;
    if (word === OWNER) return runOwner(line, others);
    const product = PRODUCTS.find((known) => known === word);
    if (product !== undefined) {
      assertNoArguments(others);
      return runProduct(line, product);
    }
    const words = [...PRODUCTS, OWNER];
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      `Expected one of ${words.join(', ')}.${didYouMean(word, words)}`,
    );
  },
};

/** Prints what the owner of a bucket of another account applies, so that readers read it. */
async function runOwner(line: CommandLine, [bucket = '', ...others]: readonly string[]): Promise<number> {
  assertNoArguments(others);
  assertNoReader(line, OWNER);
  const [{ configuredTarget }, { ownerPolicies }] = await Promise.all([
    import('../aws/target.ts'),
    import('../connect/ownerPolicies.ts'),
  ]);
  const { config, isLocal, stack } = await configuredTarget(line);
  const account = config.account ?? (isLocal ? localAccount.id : ACCOUNT_PLACEHOLDER);
  const stackName = `${stack.service}-${stack.stage}`;
  const policies = ownerPolicies(config, { bucket, stack: stackName, account });
  if (account === ACCOUNT_PLACEHOLDER)
    writeNote(`Placeholder left: ${ACCOUNT_PLACEHOLDER}. Set \`account\`.\n`);
  writeResult<OwnerPolicies>(line, policies, () => `${JSON.stringify(policies, null, 2)}\n`);
  return 0;
}

/** Prints a product's form with the values of the stack. */
async function runProduct(line: CommandLine, product: Product): Promise<number> {
  if (product === 'statsig-bucket') assertNoReader(line, product);
  const [{ configuredTarget }, { ConnectError, readDeployment }, forms] = await Promise.all([
    import('../aws/target.ts'),
    import('../connect/readDeployment.ts'),
    import('../connect/forms.ts'),
  ]);
  const target = await configuredTarget(line);
  const { config } = target;
  const readBy = product === 'statsig-bucket' ? config.statsigBucket : findReader(line, product, config);
  if (readBy === null) {
    const missing = product === 'statsig-bucket' ? 'No `statsigBucket`.' : `No reader of kind ${product}.`;
    throw new ConnectError('SLUICE_CONNECT_NOT_CONFIGURED', missing);
  }
  const deployment = await readDeployment(target);
  const form =
    'kind' in readBy
      ? { reader: readBy.name, ...forms.readerForm(deployment, config, readBy) }
      : forms.statsigBucketForm(deployment, config, readBy);
  const { stackName, region, account } = deployment;
  writeResult<ConnectedForm>(line, { ...form, stack: stackName, region, account }, () =>
    formText(form, `${product}, ${stackName} in ${region} of account ${account}`),
  );
  return 0;
}

/** Refuses `--reader`. @throws UsageError with `--reader`, which only the form of a reader takes. */
function assertNoReader(line: CommandLine, word: string): void {
  if (line.values['reader'] !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--reader: not for ${word}.`);
}

/** A form for people: a table of its fields, then SQL at the margin so that it can be copied. */
function formText({ fields, queries }: Form, title: string): string {
  const rows = fields.map(({ label, value, note = '' }) => ({ field: label, value, note }));
  return [
    `${title}\n`,
    textTable(rows),
    ...queries.map(({ name, about, sql }) => `${visibleLine(name)}: ${visibleLine(about)}\n\n${sql}\n`),
  ].join('\n');
}

/**
 * The reader that `--reader` names, or the first of the product's kind; null if none is of the kind.
 *
 * @throws UsageError for a name that no reader of the kind has.
 */
function findReader(
  line: CommandLine,
  product: Reader['kind'],
  { readers }: Pick<Config, 'readers'>,
): Reader | null {
  const name = textOption(line, 'reader');
  const ofProduct = readers.filter(({ kind }) => kind === product);
  if (name === undefined) return ofProduct[0] ?? null;
  const named = ofProduct.find((reader) => reader.name === name);
  if (named !== undefined) return named;
  const names = ofProduct.map((reader) => reader.name).join(', ') || 'none';
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--reader: no reader of kind ${product} is named ${name}; the configuration has ${names}.`,
  );
}
