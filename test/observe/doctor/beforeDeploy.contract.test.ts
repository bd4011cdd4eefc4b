import { writeFile } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readDeploymentRole } from '../../../cli/commands/doctor.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { LOCAL_STAGE } from '../../../lib/schema/stages.ts';
import { deployer, freeNames } from '../../../observe/doctor/account.ts';
import { broughtKeys, bucketBefore, encryptionBefore, key } from '../../../observe/doctor/bucket.ts';
import type { Look } from '../../../observe/doctor/Look.ts';
import { databaseCreators } from '../../../observe/doctor/lakeFormation.ts';
import { formerStack } from '../../../observe/doctor/stack.ts';
import { boundary, template } from '../../../observe/doctor/template.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import repositoryConfig from '../../../sluice.config.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import {
  account,
  accountServices,
  BY_IAM,
  kms,
  lakeFormation,
  NOT_FOUND,
  ROLE,
  ROOT,
} from './fakeAccount.ts';
import { type DoctorReport, startDeployment } from './startDeployment.ts';

const deployed = await startDeployment([...accountServices, kms]);
const directory = temporaryDirectory();
afterAll(async () => {
  await deployed.close();
  directory.remove();
});

/** What a look finds in a stage, by its configuration. */
const look = (asked: Look, options: Partial<ConfigInput>, stage = 'prod') =>
  deployed.look(asked, defineConfig({ bucket: 'acme-experiments', ...options }), { stage });

/** The codes and details of what a look finds. */
async function findingsOf(...asked: Parameters<typeof look>): Promise<readonly string[]> {
  const found = await look(...asked);
  return found.map(({ code, detail }) => `${code.replace('SLUICE_FINDING_', '')} ${detail}`);
}

/** S3 denies the region of each bucket. */
const denyRegions = () =>
  deployed.faults.set({
    s3: [
      {
        fault: 'failCalls',
        calls: 'all',
        code: 'AccessDenied',
        status: 403,
        operations: ['GetBucketLocation'],
      },
    ],
  });
/** The stack of the stage `prod` is deployed with these resources. */
const describeProd = (resources: typeof deployed.stack.resources = deployed.stack.resources) =>
  deployed.describe({ ...deployed.stack, name: 'sluice-prod', resources });
const OURS = 'it exists in this account, outside of the stack';
const STATSIG_USER = 'arn:aws:iam::999689269917:user/acme';
const keyArn = (id: string) => `arn:aws:kms:us-east-1:000000000000:key/${id}`;
const KEY = keyArn('01234567-89ab-cdef-0123-456789abcdef');

describe('sluice doctor --before-deploy', () => {
  beforeEach(() => account.reset());
  afterEach(() => {
    deployed.faults.clear();
    deployed.describe(deployed.stack);
  });

  const findings = (asked: Look, stage: string = LOCAL_STAGE) => findingsOf(asked, repositoryConfig, stage);

  it('needs no stack', async () => {
    const { code, stdout } = await deployed.doctor(['--before-deploy', '--json', '--stage', 'fresh'], {
      SLUICE_CONFIG: 'test/fixtures/config/fresh.config.ts',
    });
    expect(code).toBe(3);
    const { stack, checks }: DoctorReport = JSON.parse(stdout);
    expect(stack).toBe('sluice-fresh');
    expect(checks.map(({ check }) => check)).toEqual([
      'account',
      'stack',
      'alarms',
      'names',
      'bucket',
      'encryption',
      'key',
      'deployer',
      'lake-formation',
      'quotas',
      'bucket-policy',
      'template',
      'boundary',
    ]);
  });

  it('asks Lake Formation who may make a database', async () => {
    const CREATE_DATABASE = { Permissions: ['CREATE_DATABASE'] };
    const asked = async (...about: Parameters<typeof lakeFormation>) => {
      for (const [path, answer] of lakeFormation(...about)) account.answers.set(path, answer);
      return findings(databaseCreators, 'fresh');
    };
    account.caller = ROLE;
    const DataLakeAdmins = [{ DataLakePrincipalIdentifier: 'arn:aws:iam::000000000000:role/lake' }];
    const byIam = { DataLakeAdmins, CreateDatabaseDefaultPermissions: [BY_IAM] };
    // Of a session IAM knows the role with its path.
    const role = ROLE.arn.replace('role/', 'role/ci/');
    const none = [`LAKE_FORMATION No grant lets ${role} make a database.`];
    expect(await findings(databaseCreators, 'fresh')).toEqual([]);
    const unseen = ['UNCHECKED Who may make a database, by Lake Formation.'];
    expect(await asked({ DataLakeAdmins })).toEqual(unseen);
    expect(await asked({ DataLakeAdmins }, [])).toEqual(none);
    expect(await asked({})).toEqual(unseen);
    expect(await asked(byIam, [])).toEqual(none);
    expect(await asked(byIam, [CREATE_DATABASE])).toEqual([]);
    const toRole = { ...CREATE_DATABASE, Principal: { DataLakePrincipalIdentifier: role } };
    expect(await asked({ DataLakeAdmins }, [{ ...toRole, Permissions: ['DESCRIBE'] }, toRole])).toEqual([]);
    expect(await asked({ DataLakeAdmins }, [{ ...toRole, Permissions: ['CREATE_CATALOG'] }])).toEqual(none);
    expect(await asked({ DataLakeAdmins: [toRole.Principal] })).toEqual([]);
    // Who may not list the grants of others learns nothing.
    expect(await asked(byIam)).toEqual(unseen);
    expect(await asked({ DataLakeAdmins }, [])).toEqual(none);
    const existing = { database: true, stagingDatabase: true };
    expect(await findingsOf(databaseCreators, { existing }, 'fresh')).toEqual([]);
    // The stack has all databases.
    expect(await findings(databaseCreators)).toEqual([]);
    account.answers.delete('lakeformation /GetDataLakeSettings');
    expect(await findings(databaseCreators, 'fresh')).toEqual([
      'UNCHECKED The settings of Lake Formation in this account.',
    ]);
  });

  it('finds names that are taken outside of the stack', async () => {
    account.logGroups.push('/aws/lambda/sluice-fresh-collect', '/aws/lambda/sluice-fresh-collect-2');
    const taken = await findings(freeNames, 'fresh');
    expect(taken).toEqual([
      `NAME_TAKEN AWS::S3::Bucket sluice-experiments: ${OURS}.`,
      `NAME_TAKEN AWS::Glue::Database sluice: ${OURS}.`,
      `NAME_TAKEN AWS::Glue::Database statsig_staging: ${OURS}.`,
      `NAME_TAKEN AWS::Athena::WorkGroup sluice: ${OURS}.`,
      `NAME_TAKEN AWS::Logs::LogGroup /aws/lambda/sluice-fresh-collect: ${OURS}.`,
    ]);
  });

  it('names the settings of a reader and of the bucket for Statsig, whose names are taken', async () => {
    const cures = async (options: Partial<ConfigInput>) => {
      const found = await look(freeNames, {
        bucket: 'acme-new',
        database: 'acme',
        athena: { workgroup: 'acme', stagingDatabase: 'acme_staging' },
        ...options,
      });
      return found.map(({ detail, cure }) => [detail, cure]);
    };
    const taken = (text: string) => expect.stringContaining(text);
    const owox = {
      kind: 'owox',
      name: 'owox',
      resultsBucket: deployed.bucket,
      ownDatabase: 'sluice',
    } as const;
    expect(await cures({ readers: [owox] })).toEqual([
      [taken(deployed.bucket), taken('`existingResultsBucket` of the reader')],
      [taken('sluice'), taken('another name for it (`resultsBucket`, `ownDatabase`)')],
    ]);
    expect(await cures({ statsigBucket: { bucket: deployed.bucket, user: STATSIG_USER } })).toEqual([
      [taken(deployed.bucket), taken('set `statsigBucket.existing`')],
    ]);
  });

  it('accepts names that the stack already has', async () => {
    expect(await findings(freeNames)).toEqual([]);
  });

  it('finds a table that is left outside of the stack, with the command that frees its name', async () => {
    const found = async (options: Partial<ConfigInput>) => {
      const all = await look(freeNames, { database: 'sluice', ...options });
      return all.flatMap(({ detail, commands }) => (detail.includes('::Table') ? [[detail, commands]] : []));
    };
    const { resources } = deployed.stack;
    const left = resources.filter(({ physicalId }) => physicalId !== 'statsig_forwarded_events');
    const table = 'AWS::Glue::Table statsig_forwarded_events';
    describeProd(left);
    expect(await found({ bucket: deployed.bucket })).toEqual([
      [
        `${table}: ${OURS}.`,
        [
          expect.stringMatching(
            /^aws glue delete-table --database-name sluice --name statsig_forwarded_events /,
          ),
        ],
      ],
    ]);
    // Files of another bucket may be of another stage.
    expect(await found({})).toEqual([[`${table}: it is in the database sluice, outside of the stack.`, []]]);
    // A brought database is there, whatever the stack has.
    describeProd([]);
    const existing = { database: true };
    expect((await found({ bucket: deployed.bucket, existing })).map(([detail]) => detail)).toContain(
      `${table}: ${OURS}.`,
    );
    expect(await found({ bucket: deployed.bucket })).toEqual([]);
    describeProd(
      resources.map((resource) =>
        resource.type === 'AWS::Glue::Table'
          ? { ...resource, physicalId: `sluice|${resource.physicalId}` }
          : resource,
      ),
    );
    expect(await found({ bucket: deployed.bucket })).toEqual([]);
  });

  it('finds a domain that a stack has left', async () => {
    const domain = 'collect.acme.com';
    const certificateArn =
      'arn:aws:acm:us-east-1:000000000000:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
    const found = async () => {
      const all = await look(freeNames, { endpoint: { domain, certificateArn } });
      return all.flatMap(({ detail, commands }) => (detail.includes(domain) ? commands : []));
    };
    account.answers.set(`apigateway /domainnames/${domain}`, { domainName: domain });
    expect(await found()).toEqual([
      expect.stringMatching(/^aws apigatewayv2 delete-domain-name --domain-name collect\.acme\.com /),
    ]);
    account.answers.set(`apigateway /domainnames/${domain}`, NOT_FOUND);
    expect(await found()).toEqual([]);
  });

  it('finds a bucket of another account and a secret that is still being deleted', async () => {
    account.secrets.set('sluice-fresh-keys', { DeletedDate: 1_790_000_000 });
    denyRegions();
    const found = await findings(freeNames, 'fresh');
    const statsigBucket = { bucket: 'acme-statsig', user: STATSIG_USER };
    const ofStatsig = await look(freeNames, { bucket: 'acme-new', statsigBucket });
    const { cure } = findingCatalogue.SLUICE_FINDING_NAME_TAKEN.cases.foreignBucket;
    expect(ofStatsig.find(({ title }) => title.includes('acme-statsig'))?.cure).toBe(cure);
    expect(found).toContain('NAME_TAKEN AWS::S3::Bucket sluice-experiments: S3 denies access.');
    expect(found).toContain(
      'NAME_TAKEN AWS::SecretsManager::Secret sluice-fresh-keys: it is scheduled for deletion, and Secrets Manager reserves the name until then.',
    );
  });

  it('finds an existing bucket that is absent, of another account or in another region', async () => {
    const found = (bucket: string) =>
      findingsOf(bucketBefore, { bucket, encryption: 's3', existing: { bucket: true } });
    const s3 = new S3Client({ ...deployed.options, region: 'eu-west-2', forcePathStyle: true });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-2' } as const;
    await s3.send(new CreateBucketCommand({ Bucket: 'acme-in-london', CreateBucketConfiguration }));
    s3.destroy();
    expect(await found(deployed.bucket)).toEqual([]);
    expect(await found('acme-in-london')).toEqual([
      'REGION_UNFIT acme-in-london is in eu-west-2, the stack in us-east-1.',
    ]);
    expect(await found('acme-absent')).toEqual(['RESOURCE_MISSING The bucket acme-absent.']);
    expect(await findingsOf(bucketBefore, { bucket: 'acme-absent' })).toEqual([]);
    denyRegions();
    expect(await found(deployed.bucket)).toEqual([
      expect.stringMatching(/^BUCKET_UNFIT .*GetBucketLocation/),
    ]);
  });

  it('finds names of readers and of the secret that are taken already, and those that the deployment replaces', async () => {
    const readers = [{ kind: 'metabase', name: 'bi', iamName: 'BI' } as const];
    const role = {
      kind: 'statsig',
      name: 'st',
      principal: '123456789012',
      externalId: 'project-7',
      iamName: 'St',
    } as const;
    account.secrets.set('sluice-prod-keys', {});
    const taken = await findingsOf(freeNames, { bucket: 'acme-new', readers: [...readers, role] });
    for (const name of ['IAM::User BI', 'IAM::Role St', 'SecretsManager::Secret sluice-prod-keys'])
      expect(taken).toContain(`NAME_TAKEN AWS::${name}: ${OURS}.`);
    const user = { logicalId: 'ReaderBiUser', physicalId: 'BI', type: 'AWS::IAM::User' };
    const deploy = async (physicalId: string) => {
      describeProd([{ ...user, physicalId }]);
      const found = [await findingsOf(freeNames, { readers }), await findingsOf(formerStack, { readers })];
      return found.map((all) => all.filter((text) => /:user\/BI|::User BI/.test(text)).length);
    };
    expect(await deploy('BI')).toEqual([0, 0]);
    // In other letters the name is the stack's: it is told once.
    await deploy('Bi');
    const inOtherLetters = await findingsOf(freeNames, { readers });
    expect(inOtherLetters.filter((text) => text.includes('BI'))).toEqual([
      expect.stringContaining('ReaderBiUser of the stack sluice-prod is named Bi'),
    ]);
    expect(await deploy('sluice-prod-ReaderBiUser-1')).toEqual([1, 1]);
    expect(await findingsOf(formerStack, { readers })).toEqual([
      expect.stringContaining('READER_REPLACED The user of the reader bi is made anew'),
    ]);
  });

  it('finds another encryption than the stack and an existing bucket have', async () => {
    const found = async (options: Partial<ConfigInput>) =>
      (await findingsOf(encryptionBefore, { bucket: deployed.bucket, ...options })).map((one) =>
        one.slice(0, 40),
      );
    const brought = { existing: { bucket: true } };
    expect(await found({ encryption: 's3', ...brought })).toEqual([
      'ENCRYPTION_DIFFERS existing.keyArn: got ',
    ]);
    expect(await found({ existing: { bucket: true, keyArn: KEY } })).toHaveLength(1);
    expect(await found({ encryption: 's3' })).toEqual([]);
    describeProd();
    expect(await found({})).toEqual([]);
    expect(await found({ encryption: 's3' })).toEqual(['ENCRYPTION_DIFFERS encryption: got "s3",']);
    // The bucket has the key of its stack, so the configuration alone differs.
    expect(await found({ existing: { bucket: true, keyArn: KEY } })).toEqual([
      'ENCRYPTION_DIFFERS existing.keyArn: got ',
    ]);
  });

  it('simulates every action of the printed policies that the simulator supports', async () => {
    expect(await findings(deployer)).toEqual([
      `UNCHECKED IAM simulates users and roles only, not ${ROOT.arn}.`,
    ]);
    const user = { ...ROOT, arn: `arn:aws:iam::${ROOT.account}:user/ann` };
    account.caller = user;
    expect(await findings(deployer, 'prod')).toEqual([]);
    expect(new Set(account.simulated.splice(0).map(({ source }) => source))).toEqual(new Set([user.arn]));
    account.caller = ROLE;
    expect(await findings(deployer, 'prod')).toEqual([]);
    expect(new Set(account.simulated.map(({ source }) => source))).toEqual(
      new Set([ROLE.arn.replace('role/', 'role/ci/')]),
    );
    const config = defineConfig({ bucket: 'sluice-experiments', unitIds: { companyID: 'company_id' } });
    const policies = printedPolicies('deploy', config, {
      region: 'us-east-1',
      account: ROLE.account,
      stack: 'sluice-prod',
    });
    const printed = policies.flatMap(({ document }) => document.Statement).flatMap(({ Action }) => Action);
    const asked = account.simulated.map(({ action }) => action);
    // Of a wildcard, actions that it allows are simulated.
    const isAsked = (action: string) => asked.some((pattern) => matchesGlob(pattern, action));
    expect([...new Set(printed)].filter((action) => !isAsked(action))).toEqual([]);
    const patterns = account.simulated
      .flatMap(({ resources }) => resources)
      .filter((pattern) => pattern !== '*' && /[*?]/.test(pattern));
    expect(patterns).toEqual([]);
  });

  it('looks at the role that CloudFormation takes, and whether the caller may pass it', async () => {
    account.caller = ROLE;
    account.decide = (action, _, { source }) =>
      action === 'kms:CreateKey' || source.endsWith('/cloudformation') ? 'implicitDeny' : 'allowed';
    const role = 'arn:aws:iam::000000000000:role/cloudformation';
    const yml = directory.path;
    const found = async (written: string, asked: Look = deployer) => {
      await writeFile(join(yml, 'serverless.yml'), `service: sluice\n${written}\n`);
      const config = defineConfig({ bucket: 'acme-experiments' });
      const about = { stage: 'fresh', isLocal: false, ownRole: await readDeploymentRole(yml) };
      return (await deployed.look(asked, config, about)).map(({ title }) => title);
    };
    const may = 'is denied what a deployment does';
    const caller = ROLE.arn.replace('role/', 'role/ci/');
    expect(await found('provider: { name: aws }')).toEqual([
      expect.stringContaining(`${caller} ${may}: MakeKey: kms:CreateKey on *`),
    ]);
    const denied = await found(`provider: { iam: { deploymentRole: '${role}' } }`);
    expect(denied.length).toBeGreaterThan(5);
    expect(denied.filter((title) => !title.startsWith(`${role} ${may}`))).toEqual([]);
    // Without it, the role with which the stack was deployed.
    deployed.describe({ ...deployed.stack, name: 'sluice-fresh', roleArn: role });
    expect(await found('provider: { name: aws }')).toEqual(denied);
    expect(await found(`provider: { iam: { deploymentRole: '${ROLE.arn}' } }`)).toEqual([
      expect.stringContaining(`${ROLE.arn} ${may}: MakeKey: kms:CreateKey on *`),
    ]);
    deployed.describe(deployed.stack);
    account.decide = (action) => (action === 'iam:PassRole' ? 'implicitDeny' : 'allowed');
    expect(await found(`provider:\n  iam:\n    deploymentRole: ${role} # theirs`)).toContainEqual(
      expect.stringContaining(`${caller} ${may}: PassRole: iam:PassRole on ${role}`),
    );
    const variable = '$' + '{env:ROLE}';
    expect(await found(`provider: { iam: { deploymentRole: ${variable} } }`)).toEqual([
      expect.stringContaining(`not ${variable}`),
    ]);
    account.decide = () => 'allowed';
    expect(await found('provider: {} # deploymentRole: x')).toEqual([]);
    for (const [path, answer] of lakeFormation({}, [])) account.answers.set(path, answer);
    expect(await found(`provider: { iam: { deploymentRole: '${role}' } }`, databaseCreators)).toEqual([
      expect.stringContaining(`No grant lets ${role} make a database`),
    ]);
  });

  it('looks at each key that the configuration brings', async () => {
    const ofLogs = keyArn('mrk-0123456789abcdef0123456789abcdef');
    const fit = { KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' };
    const found = async (bucketKey: object | null | undefined, logsKey: object | null = fit) => {
      account.keys.clear();
      if (bucketKey !== undefined) account.keys.set(KEY, bucketKey);
      account.keys.set(ofLogs, logsKey);
      const config = defineConfig({
        bucket: 'acme-experiments',
        existing: { keyArn: KEY },
        logs: { kmsKeyArn: ofLogs },
      });
      const faults = await deployed.look(broughtKeys, config, { stage: 'fresh', isLocal: false });
      return faults.map(({ severity, detail, commands }) =>
        severity === 'unchecked' ? severity : [detail, commands.length],
      );
    };
    expect(await found(fit, { ...fit, MultiRegion: true })).toEqual([]);
    const kind = 'SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT';
    expect(await found({ ...fit, MultiRegion: true })).toEqual([
      [`${KEY} is of a kind that S3 and Statsig do not use (${kind}, multi-Region).`, 0],
    ]);
    expect(await found({ ...fit, KeyState: 'Disabled' }, { ...fit, KeyState: 'PendingDeletion' })).toEqual([
      [`${KEY} is disabled.`, 1],
      [`${ofLogs} is disabled, and is to be deleted.`, 2],
    ]);
    expect(await found(fit, { ...fit, KeyManager: 'AWS' })).toEqual([
      [`${ofLogs} is of a kind that CloudWatch Logs does not use (${kind}, AWS's own).`, 0],
    ]);
    const brought = defineConfig({ bucket: deployed.bucket, existing: { keyArn: KEY } });
    account.keys.set(KEY, fit);
    expect(await deployed.look(key, brought, { isLocal: false })).toEqual([]);
    account.keys.delete(KEY);
    // The local cloud has no keys of others.
    expect(await findingsOf(broughtKeys, { existing: { keyArn: KEY } })).toEqual([]);
    expect(
      (await deployed.look(key, brought, { isLocal: false })).map(({ code, detail }) => [code, detail]),
    ).toEqual([['SLUICE_FINDING_RESOURCE_MISSING', `The key ${KEY}.`]]);
    expect(await found(undefined, null)).toEqual([
      [`The key ${KEY}.`, 0],
      // A policy of a key may deny looks to whoever deploys.
      'unchecked',
    ]);
  });

  it('names the actions that the caller is not allowed', async () => {
    account.caller = ROLE;
    account.decide = (action) => (action === 'kms:CreateKey' ? 'implicitDeny' : 'allowed');
    expect(await findings(deployer)).toEqual(['DEPLOY_DENIED MakeKey: kms:CreateKey on *.']);
  });

  it('does not take what only the doctor asks for as an action of a deployment', async () => {
    account.caller = ROLE;
    account.decide = (action) =>
      ['s3:GetBucketLocation', 'kms:DescribeKey'].includes(action) ? 'implicitDeny' : 'allowed';
    const brought = { bucket: deployed.bucket, existing: { bucket: true, keyArn: KEY } };
    const found = await findingsOf(deployer, brought);
    expect(account.simulated.map(({ action }) => action)).toContain('cloudformation:ValidateTemplate');
    expect(found).toEqual([]);
  });

  it('counts what packaging would refuse', async () => {
    const datasets = Array.from({ length: 200 }, (_, i) => eventsDataset({ name: `d${i}` }));
    const sources = ['one', 'two'].map((name) => acmeSource({ name, bucket: `acme-${name}`, datasets }));
    const found = await findingsOf(template, { sources });
    const [first = '', ...more] = found.filter((text) => text.includes('resources')) ?? [];
    expect(first.replace(/\d{3} resources/, 'N resources')).toContain(
      'STACK_TOO_LARGE The template: N resources, at most 500. It grows with `sources`',
    );
    expect(more).toEqual([]);
    expect(await findingsOf(template, {})).toEqual([]);
  });

  it("finds a trial's boundary by its name, and another that does not allow the stack's names", async () => {
    const scope = { region: 'us-east-1', account: account.caller.account, stack: 'sluice-prod' };
    const config = defineConfig({ bucket: 'acme-experiments' });
    const [trials] = printedPolicies('trial', config, scope);
    const arn = (name: string) => `arn:aws:iam::${scope.account}:policy/${name}`;
    const bounded = (name: string, stage?: string) =>
      findingsOf(boundary, { permissionsBoundary: arn(name) }, stage);
    // Nobody knows yet whether the stack's own key will be one of these.
    const keyed = {
      Statement: [
        { Effect: 'Allow', NotAction: 'kms:*', Resource: '*' },
        { Effect: 'Allow', Action: 'kms:*', Resource: 'arn:aws:kms:us-east-1:*:key/1*' },
      ],
    };
    const wide = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    account.policies = new Map<string, object | null>([
      [arn('sluice-boundary'), trials?.document ?? null],
      [arn('team/renamed'), trials?.document ?? null],
      [arn('workloads'), wide],
      [arn('keyed'), keyed],
      [arn('hidden'), null],
    ]);
    expect(await bounded('sluice-boundary')).toEqual([
      `BOUNDARY_UNFIT ${arn('sluice-boundary')}: it is the boundary of a trial, which allows nothing to the stage prod.`,
    ]);
    const [denied = '', ...more] = await bounded('team/renamed');
    expect(more).toEqual([]);
    expect(denied).toContain(`BOUNDARY_UNFIT ${arn('team/renamed')}: it denies `);
    expect(denied).toContain('; WriteRole logs:CreateLogStream on arn:aws:logs:');
    expect(await bounded('workloads')).toEqual([]);
    expect(await bounded('keyed')).toEqual([]);
    expect(await bounded('gone')).toEqual([`BOUNDARY_UNFIT ${arn('gone')}: the account has no such policy.`]);
    expect(await bounded('hidden')).toEqual([expect.stringMatching(/^UNCHECKED .*iam:GetPolicy/)]);
    const trial = { bucket: 'sluice-trial-0a1b2c3d', database: 'sluice_trial_0a1b2c3d', curate: false };
    const athena = { workgroup: 'sluice-trial-0a1b2c3d', stagingDatabase: 'sluice_trial_0a1b2c3d_staging' };
    const permissionsBoundary = arn('sluice-boundary');
    const asked = { ...trial, athena, reconcile: false, permissionsBoundary };
    expect(await findingsOf(boundary, asked, 'trial-0a1b2c3d')).toEqual([]);
  });
});
