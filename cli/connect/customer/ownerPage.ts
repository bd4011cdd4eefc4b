import { writeFile } from 'node:fs/promises';
import { readerId } from '../../../infra/readers/readers.ts';
import { type ForeignBucket, foreignBuckets } from '../../../lib/access/alsoReads.ts';
import { iamArn, roleNamePattern } from '../../../lib/access/arns.ts';
import {
  type CustomerBucketPolicies,
  ingestSourcePolicies,
} from '../../../lib/access/buckets/customerBucketPolicies.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { type CommandLine, didYouMean, textOption, UsageError } from '../../terminal/commandLine.ts';
import { writeJson, writeNote, writeOut } from '../../terminal/output.ts';
import { type Block, htmlPage, markdownPage } from './blocks.ts';
import { readFacts, written } from './connectCustomer.ts';
import { ACCOUNT, type PageFacts, placeholdersOf, policyBlocks } from './customerPage.ts';

/** A bucket of another account, and the readers that read it. */
interface Read extends ForeignBucket {
  readonly readers: readonly Reader[];
}

/**
 * `sluice connect owner <bucket>`: the page for the owner of a bucket of another account that readers read by `alsoReads`.
 *
 * @throws UsageError for a bucket that no reader reads; CustomerPageError.
 */
export async function connectOwner(line: CommandLine): Promise<number> {
  const { configuredTarget, noteUnnamedTarget } = await import('../../aws/target.ts');
  noteUnnamedTarget(line);
  const where = await configuredTarget(line);
  const read = findBucket(line, where.config);
  const facts = await readFacts(where, line.values['offline'] === true);
  const policies = ownerPolicies(read, facts);
  const blocks = ownerPage(read, facts, policies);
  const title = `Reading your bucket: ${read.bucket}`;
  const page = line.values['html'] === true ? htmlPage(title, blocks) : markdownPage(blocks);
  const output = textOption(line, 'output');
  if (output !== undefined) await written(output, () => writeFile(output, page));
  const { bucketPolicy, keyPolicy = null } = policies;
  if (line.values['json'] === true)
    writeJson({
      bucket: read.bucket,
      owner: read.owner,
      output: output ?? null,
      page,
      bucketPolicy,
      keyPolicy,
    });
  else if (output === undefined) writeOut(page);
  else writeNote(`Wrote ${output}.\n`);
  for (const name of placeholdersOf(page))
    writeNote(`Placeholder left: ${name}. Deploy, or replace it before you send the page.\n`);
  return 0;
}

function findBucket({ positionals }: CommandLine, { readers }: Config): Read {
  const [, name = '', ...more] = positionals;
  const all = readers.flatMap((reader) => foreignBuckets(reader).map((one) => ({ reader, one })));
  const names = [...new Set(all.map(({ one }) => one.bucket))];
  const found = all.filter(({ one }) => one.bucket === name);
  const [first] = found;
  if (first === undefined || more.length > 0)
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      names.length === 0
        ? 'No reader reads a bucket of another account: `alsoReads` with `owner` (docs/readers.md).'
        : `Expected one bucket that readers read: ${names.join(', ')}.${didYouMean(name, names)}`,
    );
  return {
    ...first.one,
    folders: [...new Set(found.flatMap(({ one }) => one.folders))],
    kmsKeyArns: [...new Set(found.flatMap(({ one }) => one.kmsKeyArns))],
    readers: found.map(({ reader }) => reader),
  };
}

/**
 * The policies that the owner adds. The account's root is the principal, and a condition names the roles and users of
 * the readers: they may not exist yet, and a policy that names one by its ARN loses it when it is replaced.
 */
function ownerPolicies(
  { bucket, folders, kmsKeyArns, readers }: Read,
  { stack, region, account = ACCOUNT }: Omit<PageFacts, 'day'>,
): CustomerBucketPolicies {
  const owned = { partition: 'aws', account };
  return ingestSourcePolicies({
    ...{ partition: owned.partition, region, bucket },
    principal: iamArn(owned, 'root'),
    roles: readers.map((reader) => {
      const isRole = reader.kind !== 'owox' && reader.as === 'role';
      const pattern = roleNamePattern(stack, readerId(reader, isRole ? 'Role' : 'User'));
      return iamArn(owned, `${isRole ? 'role' : 'user'}/${pattern}`);
    }),
    folders: folders.includes('') ? undefined : folders,
    keyArn: kmsKeyArns[0],
  });
}

function ownerPage(
  { bucket, folders, kmsKeyArns, readers }: Read,
  { account = ACCOUNT }: Omit<PageFacts, 'day'>,
  { bucketPolicy, keyPolicy }: CustomerBucketPolicies,
): readonly Block[] {
  const names = readers.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  const documents = [
    { name: 'bucketPolicy', purpose: '', document: bucketPolicy },
    ...(keyPolicy === undefined ? [] : [{ name: 'keyPolicy', purpose: '', document: keyPolicy }]),
  ];
  return [
    { heading: `Reading your bucket: ${bucket}`, level: 1 },
    {
      text: `Our account \`${account}\` analyses data that is in your bucket with Athena. These readers list and read the files below, and write nothing: ${names}. Until you have added the statements of this page, their queries are refused.`,
    },
    {
      columns: ['folder', 'allowed'],
      rows: folders.map((folder) => [`\`s3://${bucket}/${folder}\``, 'list and read all objects']),
    },
    ...policyBlocks(bucket, [documents], kmsKeyArns[0]),
    ...(kmsKeyArns.length < 2
      ? []
      : [
          {
            text: `Add the same statement to the policies of the other keys: ${kmsKeyArns.slice(1).join(', ')}.`,
          },
        ]),
    { heading: 'To withdraw it', level: 2 },
    { text: 'Take the statements out again. Queries that read your files are refused from then on.' },
  ];
}
