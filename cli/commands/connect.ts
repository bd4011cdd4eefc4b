import type { Config } from '../../lib/schema/config.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import type { DeploymentPlace } from '../../observe/deployment.ts';
import type { Deployment } from '../connect/readDeployment.ts';
import type { SetupGuide } from '../connect/setupGuide.ts';
import {
  type Command,
  type CommandLine,
  didYouMean,
  placeOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote, writeOut } from '../terminal/output.ts';

const PRODUCTS = ['statsig', 'owox', 'metabase'] as const;

/** `sluice connect`: every field of a product's form with its value, and the steps to enter them. */
export const connect: Command = {
  name: 'connect',
  summary:
    'Connect Statsig, OWOX Data Marts or Metabase (each field of its form, and SQL to paste), or a customer who drops files (a page to send).',
  usage: `sluice connect ${PRODUCTS.join('|')} | customer NAME [--local] [--stage NAME] [options]`,
  words: [...PRODUCTS, 'customer'],
  options: {
    ...placeOptions,
    reader: { type: 'string', help: 'name of one of `readers` (default: the first of its kind)' },
    'no-query': {
      type: 'boolean',
      help: "statsig: don't ask Athena how late rows arrive; the lookback is then the longest possible",
    },
    output: { type: 'string', help: 'customer: file to write the page to (default: stdout)' },
    html: { type: 'boolean', help: 'customer: write HTML in place of Markdown' },
    'example-file': {
      type: 'string',
      help: 'customer: folder to write a small valid Parquet file of each dataset to',
    },
    offline: {
      type: 'boolean',
      help: "customer: don't ask AWS; placeholders stand for what only the deployment knows",
    },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice connect metabase --local',
    'sluice connect owox --stage prod --region eu-west-1',
    'sluice connect statsig --stage prod --json | jq .assignmentSource',
    'sluice connect customer acme --stage prod --output acme.md --example-file examples',
  ],
  async run(line) {
    if (line.positionals[0] === 'customer') return runCustomer(line);
    assertNone(line, CUSTOMER_OPTIONS, 'only for `sluice connect customer`.');
    const product = readProduct(line);
    const { deploymentPlace } = await import('../aws/deploymentPlace.ts');
    const where = await deploymentPlace(line);
    const { config } = where;
    const reader = readReader(line, product, config);
    const json = line.values['json'] === true;
    if (reader === undefined) return reportMissingReader(product, config, json);

    const { readDeployment } = await import('../connect/readDeployment.ts');
    const deployment = await readDeployment(where);
    const made = await makeGuide(line, reader, where, deployment);
    const { localPolicySteps } = await import('../connect/readerIdentity.ts');
    const guide = { ...made, steps: [...made.steps, ...localPolicySteps(deployment)] };
    const { guideText } = await import('../connect/setupGuide.ts');
    const { stackName, region, account } = deployment;
    if (json) writeJson({ ...guide, stack: stackName, region, account });
    else writeOut(guideText(guide, deployment));
    return 0;
  },
};

const CUSTOMER_OPTIONS = ['output', 'html', 'example-file', 'offline'] as const;
const PRODUCT_OPTIONS = ['reader', 'no-query'] as const;

async function runCustomer(line: CommandLine): Promise<number> {
  assertNone(line, PRODUCT_OPTIONS, 'not for a customer.');
  const { connectCustomer } = await import('../connect/customer/connectCustomer.ts');
  return connectCustomer(line, Date.now(), async (sql) => {
    const { parquetFromQuery } = await import('./customerAccount.ts');
    return parquetFromQuery(sql);
  });
}

function assertNone({ values }: CommandLine, options: readonly string[], why: string): void {
  const given = options.find((one) => values[one] !== undefined);
  if (given !== undefined) throw new UsageError('SLUICE_USAGE_OPTIONS', `--${given}: ${why}`);
}

async function makeGuide(
  line: CommandLine,
  reader: Reader,
  where: DeploymentPlace,
  deployment: Deployment,
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
  const [{ statsigGuide }, { measureLateness }] = await Promise.all([
    import('../connect/statsigGuide.ts'),
    import('../connect/lateness.ts'),
  ]);
  if (line.values['no-query'] === true) return statsigGuide(deployment, config, reader, undefined);
  writeNote('Asking Athena how late rows arrive …\n');
  return statsigGuide(deployment, config, reader, await measureLateness(where, deployment));
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
      `Expected one of ${PRODUCTS.join(', ')}, customer.${didYouMean(positionals[0] ?? '', [...PRODUCTS, 'customer'])}`,
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
