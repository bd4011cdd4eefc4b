import { DescribeKeyCommand, type DescribeKeyCommandOutput } from '@aws-sdk/client-kms';
import { GetBucketLocationCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { bucketDeleters } from '../../infra/bucketNeeds.ts';
import { type EncryptionProblem, encryptionProblems } from '../../infra/serverless/encryptionProblems.ts';
import {
  type BucketDocument,
  type BucketSetting,
  bucketSettings,
  defaultEncryption,
} from '../../lib/access/buckets/bucketSettings.ts';
import { lifecycleRules } from '../../lib/access/buckets/lifecycleRules.ts';
import { readArchivingRules } from '../../lib/aws/archivingRules.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { valueAt, valuesOf } from '../../lib/base/json.ts';
import { counted, listed } from '../../lib/base/text.ts';
import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { isOwnKey } from '../../lib/tables/objectKeys.ts';
import { deliveredTime, statsigFolders, tableFolders } from '../../lib/tables/tableFolders.ts';
import { MOST_COMMANDS } from '../deploymentCommands.ts';
import { ifThere, isNamed, whyUnread } from '../explainAwsError.ts';
import { findBucketFault, settingPart, settingReaders } from '../facts/bucketFaults.ts';
import { endsAsParquet } from '../facts/days/files/fileVersions.ts';
import { outputsOf } from '../facts/flow/stackOutputs.ts';
import { NO_KEY } from '../facts/statusFacts.ts';
import { dayFolders } from '../facts/tables/partitionGaps.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { archivingRuleFindings } from '../findings/judge/days/archives.ts';
import { judgeSetting } from '../findings/judge/deployment/bucket.ts';
import { judgeKey, type KeyUser } from '../findings/judge/deployment/key.ts';
import { type Look, missing, type Question, settled, unsaid } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The bucket itself: nothing else can be read without it. */
export const bucketLook: Look = {
  name: 'bucket',
  expects: 'the bucket exists in this region and belongs to this account',
  isGround: true,
  async find(setup) {
    const { config, identity } = setup;
    const { region } = identity;
    const there = await findBucket(setup, config.bucket);
    const kindOfStack = setup.isLocal ? 'local' : 'drift';
    if (there.kind === 'missing')
      return [missing(`The bucket ${config.bucket}`, config.existing.bucket ? 'own' : kindOfStack)];
    if (there.kind === 'denied') return [judgeDenied(config.bucket, setup)];
    return there.region === region ? [] : [judgeElsewhere(config.bucket, { there: there.region, region })];
  },
};

/** Judges a bucket whose region S3 denies. */
export function judgeDenied(
  bucket: string,
  { identity: { account }, commands }: Pick<Setup, 'commands'> & { readonly identity: { account: string } },
): Finding {
  const title = `S3 denies account ${account} the region of the bucket ${bucket}`;
  const detail = `${bucket}: S3 refuses s3:GetBucketLocation with account ${account} as its owner.`;
  return finding('SLUICE_FINDING_BUCKET_UNFIT', { case: 'account', ...seenNow(title, detail) }, [
    commands.aws(...ownBucketWords(bucket)),
  ]);
}

/** Words after `aws` of the command that prints the name of a bucket if it is of the account, and nothing else. */
export function ownBucketWords(bucket: string): readonly string[] {
  return ['s3api', 'list-buckets', '--query', `Buckets[?Name=='${bucket}'].Name`, '--output', 'text'];
}

/** Judges a bucket that is in another region (`there`) than the stack (`region`). */
export function judgeElsewhere(
  bucket: string,
  { there, region }: { readonly there: string; readonly region: string },
): Finding {
  const told = seenNow(`${bucket} is in ${there}, the stack in ${region}.`);
  return finding('SLUICE_FINDING_REGION_UNFIT', { case: 'bucket', ...told });
}

/** An existing bucket before a deployment. The other looks need no bucket. */
export const bucketBeforeLook: Look = {
  ...bucketLook,
  expects: 'an existing bucket exists in this region and belongs to this account',
  isGround: false,
  find: async (setup) => (setup.config.existing.bucket ? bucketLook.find(setup) : []),
};

/** Where a bucket is. `denied`: S3 denies access, as it does to another account's bucket. */
export type BucketPlace =
  | { readonly kind: 'found'; readonly region: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

/** Asks S3 where a bucket is. @throws What S3's client throws, but for 403 and 404. */
export async function findBucket(
  { s3, identity: { account } }: Pick<Setup, 's3' | 'identity'>,
  Bucket: string,
): Promise<BucketPlace> {
  try {
    const asked = new GetBucketLocationCommand({ Bucket, ExpectedBucketOwner: account });
    const { LocationConstraint: region = 'us-east-1' } = await s3.send(asked);
    return { kind: 'found', region: region === 'EU' ? 'eu-west-1' : region };
  } catch (error) {
    const status = valueAt(error, ['$metadata', 'httpStatusCode']);
    if (status === 404) return { kind: 'missing' };
    if (status === 403) return { kind: 'denied' };
    throw error;
  }
}

/** The settings of the bucket. The owner of an existing bucket makes them, not the stack. */
export const bucketSettingsLook: Look = {
  name: 'bucket-settings',
  expects:
    'the bucket sends events to EventBridge, encrypts as configured, requires TLS, expires and does not archive objects, blocks public access and keeps versions',
  find(setup) {
    const { config, key, identity, resources: names } = setup;
    const deleters = bucketDeleters(setup, { identity, names });
    const keyArn = key.kind === 'kms' ? key.arn : null;
    const wanted = bucketSettings(config, { keyArn, partition: identity.partition, deleters });
    // A stack that is unfinished has no key yet: the look at the key says so.
    const known = wanted.filter(({ name }) => key.kind !== 'unknown' || name !== 'encryption');
    return settled([
      ...known.map((setting): Question => [settingPart(setting.name), findSetting(setup, setting)]),
      ['the rules of the bucket', findArchiving(setup)],
    ]);
  },
};

/** The rules of now: the hourly look notes those that it has seen last. */
async function findArchiving(setup: Setup): Promise<readonly Finding[]> {
  return [...archivingRuleFindings(await readArchivingRules(setup.s3, setup.config.bucket), setup)];
}

/** What a deployment refuses. @param answer The default encryption of an existing bucket; undefined if it does not count, or if there is none. */
function findEncryption(
  { config, stackName, deployed, resources }: Setup,
  answer?: BucketDocument,
): readonly Finding[] {
  const [rule] = valuesOf(answer?.['Rules']);
  const stack = { stackName, outputs: outputsOf(deployed), resources };
  return encryptionProblems(config, stack, defaultEncryption(rule)).map(judgeEncryption);
}

/** Judges an encryption that a deployment refuses. */
export function judgeEncryption({ kind, fact, text }: EncryptionProblem): Finding {
  return finding('SLUICE_FINDING_ENCRYPTION_DIFFERS', { case: kind, ...seenNow(fact, text) });
}

/** Whether the stack is encrypted as the configuration says. The settings of an existing bucket are another look. */
export const encryptionLook: Look = {
  name: 'encryption',
  expects: '`encryption` is as the stack has it',
  find: async (setup) => findEncryption(setup),
};

/** The same before a deployment, which also refuses the default of an existing bucket. */
export const encryptionBeforeLook: Look = {
  name: 'encryption',
  expects: '`encryption` is as the stack and an existing bucket have it',
  async find(setup) {
    const { s3, config } = setup;
    if (!config.existing.bucket) return findEncryption(setup);
    return findEncryption(setup, await ifThere(settingReaders.encryption(s3, { Bucket: config.bucket })));
  },
};

/** Judges objects of others, which rules of the stack would delete. @param keys At least one. */
export function judgeForeignKeys(bucket: string, keys: readonly string[]): Finding {
  return finding('SLUICE_FINDING_BUCKET_UNFIT', {
    case: 'foreign',
    ...seenNow(
      `Rules of the stack would delete objects of others in the bucket ${bucket}, the first ${keys[0]}`,
      `${bucket}: ${keys.join(', ')}.`,
    ),
  });
}

/** Looks at one setting of the bucket. */
async function findSetting(setup: Setup, setting: BucketSetting): Promise<readonly Finding[]> {
  const { config, commands } = setup;
  const fault = await findBucketFault(setup, setting, { account: setup.identity.account });
  if (fault === null) return [];
  const others = setting.name === 'lifecycle' && config.existing.bucket ? await readForeignKeys(setup) : [];
  if (others.length > 0) return [judgeForeignKeys(config.bucket, others)];
  return [judgeSetting(config, fault, commands)];
}

/** Keys that a finding shows of each prefix. */
const SHOWN = 3;

/**
 * Objects that Sluice's lifecycle rules would delete and that neither Sluice nor Athena wrote, among the first 1,000 of each
 * folder. Whatever is in Statsig's folder beside our tables belongs to Statsig, and the rule for that folder only expires
 * versions that were overwritten or deleted.
 */
async function readForeignKeys({ s3, config }: Setup): Promise<readonly string[]> {
  const folders = statsigFolders(config).map((folder) => `${folder}/`);
  const keys: string[] = [];
  for (const { prefix } of lifecycleRules(config)) {
    if (folders.includes(prefix)) continue;
    const { items } = await s3ObjectStore(s3, config.bucket).listPage(prefix);
    const foreign = items.flatMap(({ key: object }) => (isOwnKey(config, object) ? [] : [object]));
    keys.push(...foreign.slice(0, SHOWN));
  }
  return [...new Set(keys)];
}

/** Keys that the configuration brings, before a deployment, which does not try them all. */
export const broughtKeysLook: Look = {
  name: 'key',
  expects: 'a key that the configuration names is there, enabled and of a kind that its user takes',
  async find({ isLocal, config: { existing, logs }, clients: { kms }, commands }) {
    // The local cloud has only the keys of the template.
    if (isLocal) return [];
    const findFaults = async (arn: string, user: KeyUser) => {
      let answer: DescribeKeyCommandOutput | undefined;
      try {
        answer = await ifThere(kms.send(new DescribeKeyCommand({ KeyId: arn })));
      } catch (error) {
        // The key's policy need not allow it to whoever deploys: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        if (isNamed(error, /^AccessDenied/))
          return [
            unsaid(
              `KMS does not say whether the key ${arn} is enabled and of a kind that fits`,
              whyUnread(error),
            ),
          ];
        throw error;
      }
      return answer === undefined
        ? [missing(`The key ${arn}`, 'own')]
        : judgeKey({ Arn: arn, ...answer.KeyMetadata }, commands, { user });
    };
    const keys = [
      { user: 'bucket', arn: existing.keyArn },
      { user: 'logs', arn: logs.kmsKeyArn },
    ] as const;
    return settled(
      keys.flatMap(({ user, arn }): Question[] =>
        arn === null ? [] : [[`the key ${arn}`, findFaults(arn, user)]],
      ),
    );
  },
};

/** The KMS key, the stack's or an existing one: without it, no data can be read. */
export const keyLook: Look = {
  name: 'key',
  expects: 'the key is enabled, symmetric and single-Region',
  async find({ isLocal, config, key, stackName, clients: { kms }, commands }) {
    if (key.kind === 's3') return [];
    if (key.kind === 'unknown') return [missing(`The key of ${stackName}`, isLocal ? 'local' : 'drift')];
    // The local cloud has only the keys of the template.
    if (isLocal && config.existing.keyArn !== null) return [];
    const found = await ifThere(kms.send(new DescribeKeyCommand({ KeyId: key.arn })));
    // A brought key that is not there is most likely mistyped: nobody knows that it was deleted.
    if (found === undefined && config.existing.keyArn !== null) return [missing(`The key ${key.arn}`, 'own')];
    return judgeKey({ Arn: key.arn, KeyState: NO_KEY, ...found?.KeyMetadata }, commands);
  },
};

/** Days for which files are looked at. Statsig forwards exposures daily. */
const FORWARDED_DAYS = 7;
/** Files that are looked at in parallel. */
const PARALLEL = 8;

/** Whether somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables. */
export const forwardingLook: Look = {
  name: 'forwarding',
  expects: 'in the last seven days, only Sluice wrote into the folders of the forwarded tables',
  find: (setup) =>
    settled(forwardedKinds.map((kind): Question => [`the folder of ${kind}`, findForeignFiles(setup, kind)])),
};

/** Looks for files of others in the folders of a table: beside its days, and in the days of a week and of tomorrow. */
async function findForeignFiles(setup: Setup, kind: ForwardedKind): Promise<readonly Finding[]> {
  const { s3, config, now } = setup;
  const since = now - FORWARDED_DAYS * DAY_MS;
  const days = await dayFolders(setup, kind, { from: utcDay(since), to: addDays(utcDay(now), 1) });
  const [folder = ''] = tableFolders(config, kind);
  const files: ForeignFile[] = [];
  for (const day of ['', ...days.map((lookedDay) => `${lookedDay}/`)]) {
    const input = { Bucket: config.bucket, Prefix: `${folder}${day}` };
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ ...input, ...(day === '' ? { Delimiter: '/' } : {}) }),
    );
    for (const { Key: key = '', LastModified, Size: size = 0 } of Contents) {
      const at = LastModified?.getTime() ?? 0;
      if (!key.endsWith('/') && !deliveredTime(key) && at >= since) files.push({ key, size, at });
    }
  }
  const read = await mapLimit(files, PARALLEL, async (file) => {
    const isOfDay = file.key.slice(folder.length).includes('/');
    // `status` tells what is no Parquet in the folder of a day: no query reads its rows.
    return isOfDay && !(await endsAsParquet(setup, file.key)) ? [] : [file];
  });
  const newest = read.flat().toSorted((first, other) => other.at - first.at);
  const named = newest.slice(0, MOST_COMMANDS).map((file) => withVersion(setup, file));
  return judgeForeign(setup, folder, [...(await Promise.all(named)), ...newest.slice(MOST_COMMANDS)]);
}

/** A file with the version of it that is read; without, if it is gone by now. */
async function withVersion({ s3, config }: Setup, file: ForeignFile): Promise<ForeignFile> {
  const found = await ifThere(s3.send(new HeadObjectCommand({ Bucket: config.bucket, Key: file.key })));
  return { ...file, version: found?.VersionId };
}

/** A file that Sluice did not write. */
export interface ForeignFile {
  /** Its key. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** When it was written, epoch milliseconds. */
  readonly at: number;
  /** Its version that queries read; absent of a bucket without versions. */
  readonly version?: string | undefined;
}

/** Judges the files of others in the folder of a table. */
export function judgeForeign(
  {
    config,
    commands,
  }: Pick<Setup, 'commands'> & { readonly config: Pick<Setup['config'], 'bucket' | 'relay'> },
  folder: string,
  files: readonly ForeignFile[],
): readonly Finding[] {
  const newest = files.toSorted((first, other) => other.at - first.at);
  const [last] = newest;
  if (last === undefined) return [];
  const { bucket, relay } = config;
  const texts = newest.map(
    ({ key, size, at }) => `${key}, ${counted(size, 'byte')}, written at ${isoTimestamp(at)}`,
  );
  const title = `${counted(files.length, 'file')} of others came into s3://${bucket}/${folder} in the last ${FORWARDED_DAYS} days, the newest ${last.key}`;
  const told = {
    title,
    since: isoTimestamp(newest.at(-1)?.at ?? last.at),
    detail: `${listed(texts, '; ')}.`,
  };
  // Files of several days can have one name, so each copy is named by its whole key.
  const copies = newest.slice(0, MOST_COMMANDS).flatMap(({ key, version }) => {
    const object = ['--bucket', bucket, '--key', key];
    const ofVersion = version === undefined ? [] : ['--version-id', version];
    return [
      commands.aws('s3api', 'get-object', ...object, key.replaceAll('/', '_')),
      commands.aws('s3api', 'delete-object', ...object, ...ofVersion),
    ];
  });
  // Statsig then forwards what relay delivers to it, and a table has these rows twice.
  const comesBack = relay !== undefined && 'statsig' in relay;
  return [finding('SLUICE_FINDING_FORWARDED', told, copies, comesBack ? 'problem' : 'warning')];
}
