import { readerId } from '../../../infra/readers/readers.ts';
import { foreignBuckets } from '../../../lib/access/alsoReads.ts';
import { iamArn, roleNamePattern } from '../../../lib/access/arns.ts';
import { ingestSourcePolicies } from '../../../lib/access/buckets/customerBucketPolicies.ts';
import { SluiceError } from '../../../lib/base/errors.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import type { ConfiguredTarget } from '../../../observe/target.ts';
import { configuredTarget, noteUnnamedTarget } from '../../aws/target.ts';
import { type CommandLine, didYouMean, UsageError } from '../../terminal/commandLine.ts';
import { writeJson, writeNote, writeOut } from '../../terminal/output.ts';
import { readDeployment } from '../readDeployment.ts';
import { section } from '../template.ts';
import { customerPage, type PageFacts } from './customerPage.ts';
import { ACCOUNT, markdownTable, policyText } from './policyText.ts';

/**
 * `sluice connect customer NAME`: the page for a customer. Without a deployment that answers, placeholders stand for what only
 * it knows.
 *
 * @param now Epoch milliseconds.
 * @throws UsageError for a customer that the configuration does not have.
 */
export async function connectCustomer(line: CommandLine, now: number): Promise<number> {
  noteUnnamedTarget(line);
  const where = await configuredTarget(line);
  const source = named(
    line,
    new Map(where.config.sources.map((one) => [one.name, one])),
    'customer of the configuration',
    'The configuration has no `sources`: add the customer there first (docs/ingest.md).',
  );
  const page = customerPage(where.config, source, await readFacts(where, line), addDays(utcDay(now), -1));
  return writePage(line, { customer: source.name }, page);
}

/**
 * `sluice connect owner BUCKET`: the page for the owner of a bucket of another account that readers read by `alsoReads`.
 *
 * @throws UsageError for a bucket that no reader reads.
 */
export async function connectOwner(line: CommandLine): Promise<number> {
  noteUnnamedTarget(line);
  const where = await configuredTarget(line);
  const all = where.config.readers.flatMap((reader) =>
    foreignBuckets(reader).map((one) => ({ reader, one })),
  );
  const read = named(
    line,
    Map.groupBy(all, ({ one }) => one.bucket),
    'bucket that readers read',
    'No reader reads a bucket of another account: `alsoReads` with `owner` (docs/readers.md).',
  );
  const [bucket, owner] = [read[0]?.one.bucket ?? '', read[0]?.one.owner];
  const folders = [...new Set(read.flatMap(({ one }) => one.folders))];
  const keyArns = [...new Set(read.flatMap(({ one }) => one.kmsKeyArns))];
  const { stack, region, account = ACCOUNT } = await readFacts(where, line);
  const ours = { partition: 'aws', account };
  // The account's root is the principal, and a condition names the roles and users of the readers: they may not exist yet,
  // and a policy that names one by its ARN loses it when it is replaced.
  const { bucketPolicy, keyPolicy } = ingestSourcePolicies({
    ...{ partition: ours.partition, region, bucket, principal: iamArn(ours, 'root') },
    roles: read.map(({ reader }) => {
      const isRole = reader.kind !== 'owox' && reader.as === 'role';
      const pattern = roleNamePattern(stack, readerId(reader, isRole ? 'Role' : 'User'));
      return iamArn(ours, `${isRole ? 'role' : 'user'}/${pattern}`);
    }),
    folders: folders.includes('') ? undefined : folders,
    keyArn: keyArns[0],
  });
  const documents = Object.entries({ bucketPolicy, keyPolicy }).flatMap(([name, document]) =>
    document === undefined ? [] : [{ name, purpose: '', document }],
  );
  const page = `${section('pages.md.txt', 'owner', {
    ...{ bucket, account, readers: read.map(({ reader: { name, kind } }) => `${name} (${kind})`).join(', ') },
    folders: markdownTable(
      ['folder', 'allowed'],
      folders.map((folder) => [`\`s3://${bucket}/${folder}\``, 'list and read all objects']),
    ),
    policies: policyText(bucket, documents, keyArns[0]),
    moreKeys: keyArns.length < 2 ? undefined : keyArns.slice(1).join(', '),
  })}\n`;
  return writePage(line, { bucket, owner, bucketPolicy, keyPolicy: keyPolicy ?? null }, page);
}

/** What the second argument names. @param none What to say if there is nothing. @throws UsageError. */
function named<Item>(
  { positionals: [, name = '', ...more] }: CommandLine,
  items: ReadonlyMap<string, Item>,
  what: string,
  none: string,
): Item {
  const found = more.length === 0 ? items.get(name) : undefined;
  if (found !== undefined) return found;
  const names = [...items.keys()];
  throw new UsageError(
    'SLUICE_USAGE_ARGUMENTS',
    names.length === 0 ? none : `Expected one ${what}: ${names.join(', ')}.${didYouMean(name, names)}`,
  );
}

/** Reads the deployment; uses the configuration offline, or if no deployment answers. */
async function readFacts(where: ConfiguredTarget, { values }: CommandLine): Promise<PageFacts> {
  const { config, stack } = where;
  const known = {
    ...{ stack: `${stack.service}-${stack.stage}`, region: config.region },
    ...{ account: config.account ?? undefined, readyUrl: undefined },
  };
  if (values['offline'] === true) return known;
  try {
    const { stackName, region, account, outputs } = await readDeployment(where);
    const readyUrl = outputs.get('DataReadyUrl') ?? outputs.get('CollectorUrl');
    return { stack: stackName, region, account, readyUrl: readyUrl?.replace(/\/+$/, '') };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    writeNote(`No deployment was asked: ${error.message}\n`);
    return known;
  }
}

function writePage(line: CommandLine, about: object, page: string): number {
  const placeholders = [...new Set(page.match(/__[A-Z][A-Z0-9_]*__/g))].sort();
  if (line.values['json'] === true) writeJson({ ...about, page, placeholders });
  else writeOut(page);
  for (const name of placeholders)
    writeNote(`Placeholder left: ${name}. Deploy, or replace it before you send the page.\n`);
  return 0;
}
