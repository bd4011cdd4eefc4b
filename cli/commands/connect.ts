import type { Config } from '../../lib/schema/config.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import type { DeployedStack } from '../connect/readDeployment.ts';
import type { SetupGuide } from '../connect/setupGuide.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  didYouMean,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeOut } from '../terminal/output.ts';

const PRODUCTS = ['statsig', 'owox', 'metabase'] as const;

/** `sluice connect`: every field of a product's form with its value, and the steps to enter them. */
export const connect: Command = {
  name: 'connect',
  summary:
    'Connect Statsig, OWOX Data Marts or Metabase (each field of its form, and SQL to paste), Statsig at a bucket of its own, or a customer who drops files, or the owner of a bucket that readers read (a page to send).',
  usage: `sluice connect ${PRODUCTS.join('|')}|statsig-bucket | customer NAME | owner BUCKET [--local] [--stage NAME] [options]`,
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
    if (line.positionals[0] === 'customer' || line.positionals[0] === 'owner') return runPage(line);
    assertNone(line, CUSTOMER_OPTIONS, 'only for `sluice connect customer` and `owner`.');
    if (line.positionals[0] === 'statsig-bucket') return runStatsigBucket(line);
    const product = readProduct(line);
    const { commandOptions, configuredTarget } = await import('../aws/target.ts');
    const where = await configuredTarget(line);
    const { config } = where;
    const reader = readReader(line, product, config);
    const json = line.values['json'] === true;
    if (reader === undefined) return reportMissingReader(product, config, json);

    const { readDeployment } = await import('../connect/readDeployment.ts');
    const deployment = await readDeployment(where);
    const made = await makeGuide(reader, where, deployment);
    const { alsoReadsSteps, localPolicySteps } = await import('../connect/readerIdentity.ts');
    const also = alsoReadsSteps(reader, commandOptions(line));
    const guide = { ...made, steps: [...made.steps, ...also, ...localPolicySteps(deployment)] };
    const { guideText } = await import('../connect/setupGuide.ts');
    const { stackName, region, account } = deployment;
    if (json) writeJson({ ...guide, stack: stackName, region, account });
    else writeOut(guideText(guide, deployment));
    return 0;
  },
};

const CUSTOMER_OPTIONS = ['offline'] as const;
const PRODUCT_OPTIONS = ['reader'] as const;

async function runPage(line: CommandLine): Promise<number> {
  assertNone(line, PRODUCT_OPTIONS, 'not for a page.');
  const { connectCustomer, connectOwner } = await import('../connect/pages/writePage.ts');
  return line.positionals[0] === 'owner' ? connectOwner(line) : connectCustomer(line, Date.now());
}

async function runStatsigBucket(line: CommandLine): Promise<number> {
  assertNone(line, PRODUCT_OPTIONS, 'not for a bucket.');
  assertNoArguments(line.positionals.slice(1));
  const [{ configuredTarget }, guides] = await Promise.all([
    import('../aws/target.ts'),
    import('../connect/statsigBucketGuide.ts'),
  ]);
  const where = await configuredTarget(line);
  const { config } = where;
  const json = line.values['json'] === true;
  if (config.statsigBucket === null) {
    if (json) writeJson({ product: 'statsig-bucket', steps: null });
    else writeOut(guides.missingStatsigBucket(config));
    return 3;
  }
  const [{ readDeployment }, { guideText }] = await Promise.all([
    import('../connect/readDeployment.ts'),
    import('../connect/setupGuide.ts'),
  ]);
  const deployment = await readDeployment(where);
  const guide = guides.statsigBucketGuide(deployment, config, config.statsigBucket, Date.now());
  const { stackName, region, account } = deployment;
  if (json) writeJson({ ...guide, stack: stackName, region, account });
  else writeOut(guideText(guide, deployment));
  return 0;
}

function assertNone({ values }: CommandLine, options: readonly string[], why: string): void {
  const given = options.find((one) => values[one] !== undefined);
  if (given !== undefined) throw new UsageError('SLUICE_USAGE_OPTIONS', `--${given}: ${why}`);
}

async function makeGuide(
  reader: Reader,
  where: ConfiguredTarget,
  deployment: DeployedStack,
): Promise<SetupGuide> {
  const { config } = where;
  if (reader.kind === 'owox') {
    const { owoxGuide } = await import('../connect/owoxGuide.ts');
    return owoxGuide(deployment, config, reader);
  }
  if (reader.kind === 'metabase') {
    const { metabaseGuide } = await import('../connect/metabaseGuide.ts');
    return metabaseGuide(deployment, config, reader);
  }
  const { statsigGuide } = await import('../connect/statsigGuide.ts');
  return statsigGuide(deployment, config, reader);
}

async function reportMissingReader(
  product: SetupGuide['product'],
  { bucket }: Config,
  json: boolean,
): Promise<number> {
  const { missingReader, missingReaderText } = await import('../connect/setupGuide.ts');
  const missing = missingReader(product, bucket);
  if (json) writeJson({ ...missing, reader: null });
  else writeOut(missingReaderText(missing));
  return 3;
}

function readProduct({ positionals }: CommandLine): SetupGuide['product'] {
  const product = PRODUCTS.find((one) => one === positionals[0]);
  if (product === undefined || positionals.length > 1)
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      `Expected one of ${PRODUCTS.join(', ')}, statsig-bucket, customer, owner.${didYouMean(positionals[0] ?? '', [...PRODUCTS, 'statsig-bucket', 'customer', 'owner'])}`,
    );
  return product;
}

/** The reader with the name, or the first of its kind; undefined if there is none of its kind. */
function readReader(
  { values }: CommandLine,
  product: SetupGuide['product'],
  { readers }: Config,
): Reader | undefined {
  const name = values['reader'];
  const ofKind = readers.filter(({ kind }) => kind === product);
  if (typeof name !== 'string') return ofKind[0];
  const found = ofKind.find((reader) => reader.name === name);
  if (found !== undefined) return found;
  const known = ofKind.map((reader) => reader.name).join(', ') || 'none';
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--reader: no reader of kind ${product} is named ${name}; the configuration has ${known}.`,
  );
}
