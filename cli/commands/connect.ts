import type { Reader } from '../../lib/schema/readers.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import type { Product, SetupGuide } from '../connect/guide.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  didYouMean,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

const PRODUCTS: readonly Product[] = ['statsig', 'owox', 'metabase', 'statsig-bucket'];
const PAGES: readonly string[] = ['customer', 'owner'];

/** `sluice connect`: every field of a product's form with its value, and the steps to enter them. */
export const connect: Command = {
  name: 'connect',
  summary:
    'Connect Statsig, OWOX Data Marts or Metabase (each field of its form, and SQL to paste), Statsig at a bucket of its own, or a customer who drops files, or the owner of a bucket that readers read (a page to send).',
  usage: `sluice connect ${PRODUCTS.join('|')} | customer NAME | owner BUCKET [--local] [--stage NAME] [options]`,
  options: {
    ...targetOptions,
    reader: { type: 'string', help: 'name of one of `readers` (default: the first of its kind)' },
    offline: {
      type: 'boolean',
      help: "customer, owner: don't ask AWS; placeholders stand for what only the deployment knows",
    },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice connect metabase --local',
    'sluice connect owox --stage prod --region eu-west-1',
    'sluice connect statsig --stage prod --json | jq .assignmentSource',
    'sluice connect statsig-bucket --stage prod',
    'sluice connect customer acme --stage prod > acme.md',
    'sluice connect owner acme-finance --stage prod > acme-finance.md',
  ],
  async run(line) {
    const [what = '', ...rest] = line.positionals;
    if (PAGES.includes(what)) {
      assertNone(line, 'reader', 'not for a page.');
      const { connectCustomer, connectOwner } = await import('../connect/pages/writePage.ts');
      return what === 'owner' ? connectOwner(line) : connectCustomer(line, Date.now());
    }
    assertNone(line, 'offline', 'only for `sluice connect customer` and `owner`.');
    const product = PRODUCTS.find((one) => one === what);
    const names = [...PRODUCTS, ...PAGES];
    if (product === undefined)
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `Expected one of ${names.join(', ')}.${didYouMean(what, names)}`,
      );
    assertNoArguments(rest);
    if (product === 'statsig-bucket') assertNone(line, 'reader', 'not for a bucket.');
    const [{ configuredTarget }, { readDeployment }, guides, { guideText, ...missing }] = await Promise.all([
      import('../aws/target.ts'),
      import('../connect/readDeployment.ts'),
      import('../connect/guides.ts'),
      import('../connect/guide.ts'),
    ]);
    const where = await configuredTarget(line);
    const connected =
      product === 'statsig-bucket' ? where.config.statsigBucket : readReader(line, product, where);
    if (connected === null) {
      const lacks = missing.missingProduct(product, where.config.bucket);
      const nothing = product === 'statsig-bucket' ? { steps: null } : { reader: null };
      writeResult(line, { ...lacks, ...nothing }, () => missing.missingProductText(lacks));
      return 3;
    }
    const deployment = await readDeployment(where);
    const guide: SetupGuide =
      'kind' in connected
        ? guides.readerGuide(deployment, where.config, connected)
        : guides.statsigBucketGuide(deployment, where.config, connected, Date.now());
    const { stackName, region, account } = deployment;
    writeResult(line, { ...guide, stack: stackName, region, account }, () => guideText(guide, deployment));
    return 0;
  },
};

function assertNone({ values }: CommandLine, option: string, why: string): void {
  if (values[option] !== undefined) throw new UsageError('SLUICE_USAGE_OPTIONS', `--${option}: ${why}`);
}

/** The reader with the name, or the first of its kind; null if there is none of its kind. */
function readReader(
  line: CommandLine,
  product: Reader['kind'],
  { config: { readers } }: ConfiguredTarget,
): Reader | null {
  const name = textOption(line, 'reader');
  const ofKind = readers.filter(({ kind }) => kind === product);
  if (name === undefined) return ofKind[0] ?? null;
  const found = ofKind.find((reader) => reader.name === name);
  if (found !== undefined) return found;
  const known = ofKind.map((reader) => reader.name).join(', ') || 'none';
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--reader: no reader of kind ${product} is named ${name}; the configuration has ${known}.`,
  );
}
