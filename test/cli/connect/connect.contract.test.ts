import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Form } from '../../../cli/connect/forms.ts';
import { localAccount } from '../../../local/localAccount.ts';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../../packages/local-aws/src/cloudformation/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { callMain } from '../../harness/callMain.ts';
import { writeConfig } from '../../harness/temporaryDirectory.ts';
import { wordsOf } from '../../harness/wordsOf.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;
const ROLE = 'arn:aws:iam::000000000000:role/sluice-local-role';

/** As the stack has them: infra/resources.ts. */
const OUTPUTS = {
  DataBucketName: 'acme-experiments',
  WorkgroupName: 'sluice',
  StagingDatabaseName: 'statsig_staging',
  ReaderStatsigRoleArn: ROLE,
  ReaderPodsRoleArn: `${ROLE}-of-pods`,
  ReaderStatsigWorkgroupName: 'sluice_statsig',
  ReaderMetabaseWorkgroupName: 'sluice_metabase',
  ReaderStatsigKeysSecretArn: arn('secretsmanager', 'secret:statsig-keys'),
  ReaderOwoxSecretArn: arn('secretsmanager', 'secret:owox'),
  ReaderMetabaseSecretArn: arn('secretsmanager', 'secret:metabase'),
};

let outputs: Readonly<Record<string, string>>;
beforeEach(() => {
  outputs = OUTPUTS;
});

const stack = (): DeployedStack => ({
  name: 'sluice-local',
  region: localAccount.region,
  account: localAccount.id,
  partition: 'aws',
  createdMs: 0,
  resources: [],
  outputs,
});

const directory = mkdtempSync(join(tmpdir(), 'sluice-connect-'));
const served = await startServices([cloudFormationService({ stack })]);
configure(
  'readers',
  `readers: [
    { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
    { kind: 'statsig', name: 'statsig-keys', as: 'user', statsigForwardsHere: true },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'metabase' },
    { kind: 'metabase', name: 'pods', as: 'role', principal: 'ecs-tasks' },
    { kind: 'metabase', name: 'later' },
  ],`,
);
configure('none', '');
configure(
  'bucket',
  `exports: [
    { name: 'seen', table: 'statsig_forwarded_exposures', format: 'statsig', target: { bucket: 'acme-statsig', folder: 'x' } },
    { name: 'other', table: 'statsig_forwarded_events', format: 'statsig', target: { bucket: 'acme-other', owner: '000000000000' } },
  ],
  statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme', writesTo: 'from-statsig' },`,
);
afterAll(async () => {
  await served.close();
  rmSync(directory, { recursive: true });
});

function configure(name: string, fields: string): void {
  const all = `{ bucket: 'acme-experiments', unitIds: { companyID: 'company_id' }, ${fields} }, { stages: ['prod'] }`;
  writeConfig(directory, all, `${name}.config.mjs`);
}

const connect = (args: readonly string[], config = 'readers', env: Readonly<Record<string, string>> = {}) =>
  callMain(['connect', ...args, '--endpoint-url', served.options.endpoint], {
    env: {
      SLUICE_CONFIG: join(directory, `${config}.config.mjs`),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  });

async function sheetOf(...args: string[]): Promise<Form> {
  const { code, stdout } = await connect([...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

const valuesOf = ({ fields }: Form) => Object.fromEntries(fields.map(({ label, value }) => [label, value]));

describe('sluice connect, without a reader for the product', () => {
  it.each(['statsig', 'owox', 'metabase', 'statsig-bucket'])(
    'says where to add one for %s',
    async (product) => {
      const { code, stdout, stderr } = await connect([product], 'none');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('SLUICE_CONNECT_NOT_CONFIGURED');
    },
  );
});

describe('sluice connect', () => {
  it('has the values that Statsig asks for', async () => {
    const sheet = await sheetOf('statsig');
    expect(valuesOf(sheet)).toMatchObject({
      'Statsig S3 Folder': 'statsig',
      'Statsig Account ID': '123456789012',
      'External ID': 'project-7',
      'S3 Bucket': 'acme-experiments',
      'Glue Database for staging': 'statsig_staging',
      'S3 Query Result Location': 's3://acme-experiments/query-results/statsig/',
      'Athena Workgroup': 'sluice_statsig',
      'AWS Region': 'us-east-1',
      'IAM Role ARN': ROLE,
      'Forwarded Exposures Table': 'statsig_forwarded_exposures_by_statsig',
      'Forwarded Events Table': 'statsig_forwarded_events_by_statsig',
      companyID: 'company_id',
    });
    expect(sheet).toMatchObject({
      product: 'statsig',
      reader: 'statsig',
      stack: 'sluice-local',
      account: '000000000000',
      assignmentSource: {
        timestampColumn: 'timestamp',
        experimentIDColumn: 'experiment_id',
        groupIDColumn: 'group_id',
        idTypeMapping: [
          { statsigUnitID: 'userID', column: 'user_id' },
          { statsigUnitID: 'stableID', column: 'stable_id' },
          { statsigUnitID: 'companyID', column: 'company_id' },
        ],
      },
      metricSource: { timestampColumn: 'timestamp', timestampAsDay: false },
      lookback: { days: 8 },
    });
  });

  it('has the values that OWOX asks for', async () => {
    const sheet = await sheetOf('owox');
    expect(valuesOf(sheet)).toEqual({
      Title: 'Sluice (local)',
      Region: 'us-east-1',
      'Output Bucket': 'acme-owox',
      'Access Key ID': 'accessKeyId',
      'Secret Access Key': 'secretAccessKey',
    });
  });

  it('has the values that Metabase asks for', async () => {
    expect(valuesOf(await sheetOf('metabase'))).toEqual({
      'Display name': 'Sluice (local)',
      Region: 'us-east-1',
      Workgroup: 'sluice_metabase',
      'S3 Staging directory': 's3://acme-experiments/query-results/metabase/',
      'Access key': 'accessKeyId',
      'Secret Key': 'secretAccessKey',
      'Additional Athena connection string options': `EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60;AthenaEndpoint=${served.options.endpoint};ResultFetcher=GetQueryResults`,
    });
  });

  it('uses the reader of --reader, with its role or user', async () => {
    const role = await sheetOf('metabase', '--reader', 'pods');
    expect(role.fields.find(({ label }) => label === 'Access key, Secret Key')).toEqual({
      label: expect.anything(),
      value: '',
      note: expect.stringContaining(`${ROLE}-of-pods`),
    });
    const user = await sheetOf('statsig', '--reader', 'statsig-keys');
    expect(valuesOf(user)).toMatchObject({
      'Access Key': 'accessKeyId',
      'Secret Access Key': 'secretAccessKey',
    });
    expect(valuesOf(user)).not.toHaveProperty('IAM Role ARN');
    expect(user.fields.find(({ label }) => label === 'Access Key')?.note).toContain(
      OUTPUTS.ReaderStatsigKeysSecretArn,
    );
  });

  it("has the values of Statsig's own bucket, with the columns of what is exported there", async () => {
    const { stdout } = await connect(['statsig-bucket', '--json'], 'bucket');
    const { fields, ...form } = JSON.parse(stdout);
    expect(form).toMatchObject({ product: 'statsig-bucket', queries: [], account: '000000000000' });
    expect(form).not.toHaveProperty('reader');
    expect(fields.map(({ label, value }: Form['fields'][number]) => `${label}: ${value}`)).toEqual([
      'Region: us-east-1',
      'Bucket Name: acme-statsig',
      'IAM user: arn:aws:iam::999689269917:user/acme',
      expect.stringMatching(/^Folder of exposures by seen: x\//),
      'Columns of exposures by seen: timestamp BIGINT, experiment STRING, group_id STRING, user_id STRING, stable_id STRING, company_id STRING, metadata_json STRING',
      'Folder of exposures from Statsig: from-statsig/exposures',
      'Folder of events from Statsig: from-statsig/events',
    ]);
  });

  it('is a table of fields, with SQL to paste', async () => {
    const { code, stdout } = await connect(['statsig']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^statsig, sluice-local in us-east-1 of account 000000000000\n\nfield +value +note\n/,
    );
    expect(stdout).toMatch(/^IAM Role ARN +arn:aws:iam/m);
    expect(stdout).toMatch(/\n\nSELECT\n {2}"timestamp",\n/);
  });

  it.each([
    { line: 'grafana', code: 2, message: 'SLUICE_USAGE_ARGUMENTS' },
    { line: '', code: 2, message: 'SLUICE_USAGE_ARGUMENTS' },
    { line: 'owox metabase', code: 2, message: 'SLUICE_USAGE_ARGUMENTS' },
    { line: 'owox --reader metabase', code: 2, message: 'the configuration has owox' },
    {
      line: 'owox --stage prod',
      code: 1,
      message: 'SLUICE_AWS_NO_STACK: The deployment does not exist.',
    },
    { line: 'metabase --reader later', code: 1, message: 'SLUICE_CONNECT_NOT_DEPLOYED' },
  ])('refuses "$line" with exit code $code', async ({ line, code, message }) => {
    const answer = await connect(wordsOf(line));
    expect(answer.code).toEqual(code);
    expect(answer.stdout).toBe('');
    expect(answer.stderr).toContain(message);
  });

  it('reports that the stack may not be read', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
    const { code, stderr } = await connect(['owox'], 'readers', env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SLUICE_AWS_FAILED') });
  });

  it('prefers names of the stack to those of the configuration', async () => {
    outputs = { ...OUTPUTS, DataBucketName: 'acme-older', ReaderMetabaseWorkgroupName: 'older_metabase' };
    const sheet = await sheetOf('metabase');
    expect(valuesOf(sheet)).toMatchObject({
      'S3 Staging directory': 's3://acme-older/query-results/metabase/',
      Workgroup: 'older_metabase',
    });
  });
});
