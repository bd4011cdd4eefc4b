import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import config from '#config';
import { GROUPS_TABLE } from '../../../lib/tables/groupsTable.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { bucketSettingsSchema } from '../../../packages/local-aws/src/s3/index.ts';
import type { Deployment } from '../../../packages/local-aws/src/template/index.ts';
import { broken } from './breakages.ts';
import { type StartedDeployment, startDeployment } from './startDeployment.ts';

const { bucket } = config;

const running: StartedDeployment[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
});

async function start(change?: (deployment: Deployment) => Deployment): Promise<StartedDeployment> {
  const deployed = await startDeployment(change);
  running.push(deployed);
  return deployed;
}

/** A rule of S3's API, as a template has it: the local S3 takes rules from a template only. */
function ruleOf({ ID, Filter, Expiration, Transitions, ...rule }: LifecycleRule) {
  return {
    ...rule,
    Id: ID,
    Prefix: Filter?.Prefix,
    ExpirationInDays: Expiration?.Days,
    ExpiredObjectDeleteMarker: Expiration?.ExpiredObjectDeleteMarker,
    Transitions: Transitions?.map(({ Days, StorageClass }) => ({ TransitionInDays: Days, StorageClass })),
  };
}

/** Does what a printed `aws s3api put-…` does, with the same operation of the SDK: the AWS CLI isn't everywhere. */
async function putBucket({ options, store }: StartedDeployment, command: string) {
  const [, name = '', json = '', apart] =
    /^aws s3api (\S+) --bucket \S+ --\S+ '(.*)'(?: --transition-default-minimum-object-size (\S+))? --region/.exec(
      command,
    ) ?? [];
  const document = JSON.parse(json);
  const at = { Bucket: bucket };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const puts: Readonly<Record<string, () => Promise<unknown>>> = {
    'put-bucket-notification-configuration': () =>
      s3.send(new PutBucketNotificationConfigurationCommand({ ...at, NotificationConfiguration: document })),
    'put-bucket-encryption': () =>
      s3.send(new PutBucketEncryptionCommand({ ...at, ServerSideEncryptionConfiguration: document })),
    'put-bucket-policy': () => s3.send(new PutBucketPolicyCommand({ ...at, Policy: json })),
    'put-bucket-lifecycle-configuration': async () => {
      const there = store.bucket(bucket);
      const LifecycleConfiguration = {
        Rules: document.Rules.map(ruleOf),
        TransitionDefaultMinimumObjectSize: apart,
      };
      there.settings = bucketSettingsSchema.parse({ ...there.settings, LifecycleConfiguration });
    },
    'put-public-access-block': () =>
      s3.send(new PutPublicAccessBlockCommand({ ...at, PublicAccessBlockConfiguration: document })),
    'put-bucket-versioning': () =>
      s3.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: document })),
  };
  await puts[name]?.();
  s3.destroy();
}

/** Does what a printed `aws glue …` does: its words as a shell takes them apart, with the same operation of the SDK. */
async function runGlue({ options }: StartedDeployment, command: string) {
  const words = execFileSync('sh', ['-c', `aws() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  const [service, verb = '', ...rest] = words.split('\0');
  const { values } = parseArgs({
    args: rest.filter((word) => word !== ''),
    options: Object.fromEntries(
      ['database-name', 'table-input', 'name', 'region', 'endpoint-url'].map((name) => [
        name,
        { type: 'string' as const },
      ]),
    ),
  });
  const at = { DatabaseName: values['database-name'] };
  const TableInput: TableInput = JSON.parse(values['table-input'] ?? '{}');
  const glue = new GlueClient(options);
  const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
    'create-table': () => glue.send(new CreateTableCommand({ ...at, TableInput })),
    'update-table': () => glue.send(new UpdateTableCommand({ ...at, TableInput })),
    'delete-table': () => glue.send(new DeleteTableCommand({ ...at, Name: values['name'] })),
  };
  expect([service, Object.keys(verbs)]).toEqual(['glue', expect.arrayContaining([verb])]);
  await verbs[verb]?.();
  glue.destroy();
}

/** Breakages that can exist side by side: the doctor must find all of them, and nothing else. */
const rounds: readonly (readonly (keyof typeof broken)[])[] = [
  [
    'STACK_DIFFERS',
    ...['BUCKET_EVENTS', 'BUCKET_ENCRYPTION', 'BUCKET_POLICY', 'BUCKET_LIFECYCLE', 'BUCKET_PUBLIC'],
    ...['BUCKET_VERSIONING', 'KEY_DISABLED', 'KEY_UNROTATED', 'KEY_POLICY'],
    ...['TABLE_COLUMNS', 'TABLE_COMMENTS', 'TABLE_PARTITION_KEY', 'TABLE_LOCATION', 'TABLE_FORMAT'],
    ...['VIEW_DIFFERS', 'WORKGROUP_DISABLED', 'WORKGROUP_RESULTS', 'WORKGROUP_NOT_ENFORCED'],
    ...['WORKGROUP_ENCRYPTION', 'WORKGROUP_NO_CUTOFF', 'DEAD_LETTERS', 'STREAM_HELD', 'STREAM_EXPIRING'],
  ],
  [
    ...['PARTITION_MISSING', 'PARTITION_EMPTY', 'PARTITION_MISPLACED', 'PARTITION_STALE'],
    // Days with raw files that nobody has queued to be curated.
    ...['CURATE_UNPLANNED', 'VIEW_MISSING', 'QUEUE_MISSING', 'HOLDS_DELETED'],
  ],
  [
    ...['CURATE_FAILED', 'CURATE_LATE', 'CURATE_STALE', 'CURATE_GONE', 'CURATE_LEFT_OUT'],
    ...['PARKED', 'UNKNOWN_KEYS', 'QUARANTINED', 'EXPERIMENTS_UNKNOWN', 'DRAINING', 'STREAM_DROPPED'],
    ...['FORWARDED_HERE', 'RELAY_LEFT'],
  ],
  ['TABLE_MISSING', 'BUCKET_MISSING', 'VERSION_NEWER', 'HOLDS_UNREADABLE'],
  ['WORKGROUP_MISSING', 'VERSION_OLDER', 'HOLDS_MISSING'],
  ['STACK_MISSING'],
];

/** The code of a finding by its name. */
function codeOf(name: string): string {
  return `SLUICE_STATUS_${name}` in findingCatalogue ? `SLUICE_STATUS_${name}` : `SLUICE_DOCTOR_${name}`;
}

describe('a finding of sluice doctor', () => {
  it('has a test for everything that can break', () => {
    expect(rounds.flat().sort()).toEqual(Object.keys(broken).sort());
  });

  it.each(rounds.map((codes) => [codes.length, codes] as const))(
    'is reported for each of %i problems at once',
    async (_count, codes) => {
      const deployed = await start();
      for (const code of codes) await broken[code]?.[0](deployed);
      const { code: exit, report } = await deployed.diagnose();
      expect(exit).toBe(3);
      const found = report.checks
        .flatMap(({ findings }) => findings)
        .filter(({ severity }) => severity !== 'unchecked');
      expect(found.map(({ code }) => code).sort()).toEqual(codes.map(codeOf).sort());
      const sluice = found.flatMap(({ cure }) => [...cure.matchAll(/`(npx sluice [^`]*)`/g)]);
      expect(sluice.filter(([, one]) => !/ --local --endpoint-url /.test(one ?? ''))).toEqual([]);
      for (const { code, detail, commands } of found) {
        const [, words, command] = broken[code.replace(/^SLUICE_(DOCTOR|STATUS)_/, '')] ?? [];
        expect([code, detail]).toEqual([code, expect.stringMatching(words ?? '')]);
        expect([code, commands.join('\n')]).toEqual([code, command ? expect.stringMatching(command) : '']);
      }
    },
  );

  it('says that it does not know what is in quarantine when Athena does not answer', async () => {
    const deployed = await start();
    await broken['WORKGROUP_DISABLED']?.[0](deployed);
    const { found } = await deployed.diagnose();
    expect(found.get('quarantine SLUICE_STATUS_UNREADABLE')).toMatchObject({
      severity: 'unchecked',
      detail: expect.stringContaining('disabled'),
    });
  });

  it('of a bucket is repaired by its commands', async () => {
    const deployed = await start();
    const names = rounds[0]?.filter((code) => code.startsWith('BUCKET_')) ?? [];
    for (const code of names) await broken[code]?.[0](deployed);
    const { report } = await deployed.diagnose();
    const commands = report.checks.flatMap(({ findings }) => findings.flatMap((found) => found.commands));
    expect(commands).toHaveLength(names.length);
    for (const command of commands) await putBucket(deployed, command);
    expect((await deployed.diagnose()).code).toBe(0);
  });

  it.each([
    [['TABLE_MISSING', 'VIEW_MISSING']],
    [['TABLE_COLUMNS', 'TABLE_LOCATION', 'VIEW_DIFFERS']],
    [['TABLE_PARTITION_KEY', 'TABLE_FORMAT']],
  ])('in the catalog, %j, is repaired by its commands', async (codes) => {
    const deployed = await start();
    for (const code of codes) await broken[code]?.[0](deployed);
    const { code, report } = await deployed.diagnose();
    expect(code).toBe(3);
    const commands = report.checks.flatMap(({ findings }) => findings.flatMap((found) => found.commands));
    for (const command of new Set(commands)) await runGlue(deployed, command);
    expect((await deployed.diagnose()).code).toBe(0);
  });

  it('of the table of experiment groups is repaired by its commands', async () => {
    const deployed = await start();
    const glue = new GlueClient(deployed.options);
    await glue.send(new DeleteTableCommand({ DatabaseName: config.database, Name: GROUPS_TABLE }));
    glue.destroy();
    const { found } = await deployed.diagnose();
    const missing = found.get('tables SLUICE_DOCTOR_TABLE_MISSING');
    expect(missing?.detail).toBe(`${config.database}.${GROUPS_TABLE}.`);
    for (const command of missing?.commands ?? []) await runGlue(deployed, command);
    expect((await deployed.diagnose()).code).toBe(0);
  });

  it('of a table that the stack does not have yet has no command', async () => {
    const deployed = await start();
    await broken['TABLE_MISSING']?.[0](deployed);
    const { stack } = deployed;
    const resources = stack.resources.filter(({ type }) => type !== 'AWS::Glue::Table');
    deployed.tell({ ...stack, resources });
    const { found } = await deployed.diagnose();
    expect(found.get('tables SLUICE_DOCTOR_TABLE_MISSING')?.commands).toEqual([]);
  });

  it('of an existing bucket has no command that would delete other objects', async () => {
    const deployed = await start();
    const key = deployed.stack.resources.find(({ logicalId }) => logicalId === 'DataKey');
    const keyArn = `arn:aws:kms:us-east-1:000000000000:key/${key?.physicalId}`;
    const file = join(mkdtempSync(join(tmpdir(), 'sluice-doctor-')), 'sluice.config.mjs');
    writeFileSync(
      file,
      `import { defineConfig } from '${repositoryRoot}/lib/config/defineConfig.ts';
import base from '${repositoryRoot}/sluice.config.ts';
export default defineConfig({ ...base, existing: { bucket: true, keyArn: '${keyArn}' } });`,
    );
    const s3 = new S3Client({ ...deployed.options, forcePathStyle: true });
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    await put('query-results/0a1b2c3d-0000-4000-8000-0123456789ab.csv');
    await broken['BUCKET_LIFECYCLE']?.[0](deployed);
    const look = async () => {
      const { report } = await deployed.diagnose({ SLUICE_CONFIG: file });
      return report.checks
        .flatMap(({ findings }) => findings)
        .filter(({ severity }) => severity === 'problem');
    };
    expect(await look()).toEqual([
      expect.objectContaining({
        code: 'SLUICE_DOCTOR_BUCKET_LIFECYCLE',
        commands: [expect.stringMatching(/put-bucket-lifecycle-configuration/)],
      }),
    ]);
    await put('query-results/2026 report.pdf');
    await put('errors/nginx/access.log');
    expect(await look()).toEqual([
      expect.objectContaining({
        code: 'SLUICE_DOCTOR_BUCKET_SHARED',
        detail: `${bucket}: query-results/2026 report.pdf, errors/nginx/access.log.`,
        commands: [],
      }),
    ]);
    s3.destroy();
    rmSync(dirname(file), { recursive: true });
  });

  it("names Statsig's files in Sluice's folders, and that events are there twice with relay to Statsig", async () => {
    const deployed = await start();
    const s3 = new S3Client({ ...deployed.options, forcePathStyle: true });
    const folder = 'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/';
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    const day = new Date().toISOString().slice(0, 10);
    await put(`${folder}${day}/part-00000.parquet`);
    await put(`${folder}${day}/sluice-prod-exposures-3-${day}-10-00-00-01234567-89ab-4cde-8f01-23456789abcd`);
    await put(`${folder}2025-01-01/of-long-ago.parquet`);
    s3.destroy();
    const detail = `s3://${bucket}/${folder}: 1 file since ${new Date(Date.now() - 7 * 86_400_000).toISOString().slice(0, 10)}, such as ${day}/part-00000.parquet.`;
    const { found } = await deployed.diagnose();
    expect(found.get('forwarding SLUICE_DOCTOR_FORWARDED_HERE')).toMatchObject({
      severity: 'warning',
      detail,
    });
    const file = join(mkdtempSync(join(tmpdir(), 'sluice-doctor-')), 'sluice.config.mjs');
    writeFileSync(
      file,
      `import { defineConfig } from '${repositoryRoot}/lib/config/defineConfig.ts';
import base from '${repositoryRoot}/sluice.config.ts';
export default defineConfig({ ...base, relay: { statsig: true } });`,
    );
    const relayed = await deployed.diagnose({ SLUICE_CONFIG: file });
    rmSync(dirname(file), { recursive: true });
    expect(relayed.found.get('forwarding SLUICE_DOCTOR_FORWARDED_TWICE')).toMatchObject({
      severity: 'problem',
      detail,
    });
    expect(relayed.found.get('queues SLUICE_DOCTOR_QUEUE_MISSING')?.detail).toMatch(/^Relay/);
  });

  it('that is a warning does not change the exit code 0', async () => {
    const deployed = await start();
    await broken['KEY_UNROTATED']?.[0](deployed);
    const { code, stdout } = await deployed.doctor();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nwarning {6}key .*\n {4}SLUICE_DOCTOR_KEY_UNROTATED: .*\n.*\n {6}\$ aws kms enable/,
    );
  });

  it('names streams that are missing or have other settings', async () => {
    const missing = await start((deployment) => ({ ...deployment, deliveryStreams: [] }));
    const { code, found } = await missing.diagnose();
    expect(code).toBe(3);
    expect(found.get('streams SLUICE_DOCTOR_STREAM_MISSING')?.detail).toMatch(
      /^sluice-local-LandingStream-\w+\.$/,
    );
    const other = await start((deployment) => ({
      ...deployment,
      deliveryStreams: deployment.deliveryStreams.map((stream) => ({
        ...stream,
        properties: {
          ...stream.properties,
          ExtendedS3DestinationConfiguration: {
            ...Object(stream.properties['ExtendedS3DestinationConfiguration']),
            ...{ Prefix: 'elsewhere/', BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 128 } },
          },
        },
      })),
    }));
    expect((await other.diagnose()).found.get('streams SLUICE_DOCTOR_STREAM_DIFFERS')?.detail).toMatch(
      /: prefix: got elsewhere\/, expected landing\/; buffer seconds: got 300, expected 60; buffer MiB: got 128, expected 64\.$/,
    );
  });

  it('names buckets and databases that are configured but not deployed', async () => {
    const deployed = await start((deployment) => ({ ...deployment, databases: [], tables: [] }));
    const { code, report } = await deployed.diagnose();
    const verdicts = Object.fromEntries(report.checks.map(({ check, verdict }) => [check, verdict]));
    expect([code, verdicts.tables, verdicts.views, verdicts.partitions]).toEqual([
      3,
      'problem',
      'unchecked',
      'unchecked',
    ]);
  });
});
