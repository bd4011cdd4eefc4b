import { visibleLine } from '../../lib/base/text.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import type { Form, ReaderForm } from '../connect/forms.ts';
import type { OwnerPolicies } from '../connect/ownerPolicies.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  didYouMean,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

const PRODUCTS: readonly Form['product'][] = ['statsig', 'owox', 'metabase', 'statsig-bucket'];

/** A form of a deployment. */
export interface ConnectedForm extends ReaderForm {
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
  takes: `${PRODUCTS.join('|')} | owner BUCKET`,
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
    const [what = '', ...rest] = line.positionals;
    const product = PRODUCTS.find((product) => product === what);
    const names = [...PRODUCTS, 'owner'];
    if (product === undefined && what !== 'owner')
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `Expected one of ${names.join(', ')}.${didYouMean(what, names)}`,
      );
    assertNoArguments(rest.slice(product === undefined ? 1 : 0));
    if ((product === undefined || product === 'statsig-bucket') && line.values['reader'] !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--reader: not for ${what}.`);
    const [{ configuredTarget }, { ConnectError, readDeployment }, forms, { ownerPolicies }] =
      await Promise.all([
        import('../aws/target.ts'),
        import('../connect/readDeployment.ts'),
        import('../connect/forms.ts'),
        import('../connect/ownerPolicies.ts'),
      ]);
    const where = await configuredTarget(line);
    const { config } = where;
    if (product === undefined) {
      const account = config.account ?? (where.isLocal ? localAccount.id : '__ACCOUNT_ID__');
      if (account.startsWith('_')) writeNote(`Placeholder left: ${account}. Set \`account\`.\n`);
      const stack = `${where.stack.service}-${where.stack.stage}`;
      const policies = ownerPolicies(config, { bucket: rest[0] ?? '', stack, account });
      writeResult<OwnerPolicies>(line, policies, () => `${JSON.stringify(policies, null, 2)}\n`);
      return 0;
    }
    const connected = product === 'statsig-bucket' ? config.statsigBucket : readReader(line, product, where);
    if (connected === null) throw new ConnectError('SLUICE_CONNECT_NOT_CONFIGURED', `${product}.`);
    const deployment = await readDeployment(where);
    const form =
      'kind' in connected
        ? { reader: connected.name, ...forms.readerForm(deployment, config, connected) }
        : forms.statsigBucketForm(deployment, config, connected);
    const { stackName, region, account } = deployment;
    writeResult<ConnectedForm>(line, { ...form, stack: stackName, region, account }, () =>
      formText(form, `${product}, ${stackName} in ${region} of account ${account}`),
    );
    return 0;
  },
};

/** A form for people: a table of its fields, then SQL at the margin so that it can be copied. */
function formText({ fields, queries }: Form, title: string): string {
  const rows = fields.map(({ label, value, note = '' }) => ({ field: label, value, note }));
  return [
    `${title}\n`,
    textTable(rows),
    ...queries.map(({ name, about, sql }) => `${visibleLine(name)}: ${visibleLine(about)}\n\n${sql}\n`),
  ].join('\n');
}

/** The reader with the name, or the first of its kind; null if there is none of its kind. */
function readReader(
  line: CommandLine,
  product: Reader['kind'],
  { config: { readers } }: ConfiguredTarget,
): Reader | null {
  const name = textOption(line, 'reader');
  const ofKind = readers.filter(({ kind }) => kind === product);
  const found = ofKind.find((reader) => name === undefined || reader.name === name);
  if (found !== undefined || name === undefined) return found ?? null;
  const known = ofKind.map((reader) => reader.name).join(', ') || 'none';
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--reader: no reader of kind ${product} is named ${name}; the configuration has ${known}.`,
  );
}
