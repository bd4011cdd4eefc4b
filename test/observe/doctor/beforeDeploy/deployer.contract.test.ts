import { mkdir, writeFile } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readDeploymentRole } from '../../../../cli/commands/doctor.ts';
import { printedPolicies } from '../../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { deployerLook } from '../../../../observe/doctor/account/deployer.ts';
import { databaseCreatorsLook } from '../../../../observe/doctor/account/lakeFormation.ts';
import type { Look } from '../../../../observe/doctor/Look.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';
import { account, lakeFormation, ROLE, ROOT } from '../fakeAccount.ts';
import { keyArn } from './keyArn.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
const { findings, findingsOf } = deployed;
/** Of `serverless.yml`. */
const directory = temporaryDirectory();
afterAll(async () => {
  await deployed.close();
  directory.remove();
});
beforeEach(() => deployed.reset());

/** Of a session IAM knows the role with its path. */
const CALLER = ROLE.arn.replace('role/', 'role/ci/');
const USER = { ...ROOT, arn: `arn:aws:iam::${ROOT.account}:user/ann` };

describe('what the caller may deploy', () => {
  it('is not simulated of the root user', async () => {
    expect(await findings(deployerLook)).toEqual([
      `UNCHECKED IAM simulates users and roles only, not ${ROOT.arn}.`,
    ]);
    expect(account.simulated).toEqual([]);
  });

  it.each([
    { what: 'a user', caller: USER, source: USER.arn },
    { what: 'a session of a role', caller: ROLE, source: CALLER },
  ])('is simulated of $what', async ({ caller, source }) => {
    account.caller = caller;
    expect(await findings(deployerLook, 'prod')).toEqual([]);
    expect([...new Set(account.simulated.map((asked) => asked.source))]).toEqual([source]);
  });

  it('is simulated for every action of the printed policies, on resources without a wildcard', async () => {
    account.caller = ROLE;
    expect(await findings(deployerLook, 'prod')).toEqual([]);
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

  it('lacks the actions that IAM denies', async () => {
    account.caller = ROLE;
    account.decide = (action) => (action === 'kms:CreateKey' ? 'implicitDeny' : 'allowed');
    expect(await findings(deployerLook)).toEqual(['DEPLOY_DENIED MakeKey: kms:CreateKey on *.']);
  });

  it('does not lack what only the doctor asks for', async () => {
    account.caller = ROLE;
    account.decide = (action) =>
      ['s3:GetBucketLocation', 'kms:DescribeKey'].includes(action) ? 'implicitDeny' : 'allowed';
    const keyOf = keyArn('01234567-89ab-cdef-0123-456789abcdef');
    const brought = { bucket: deployed.bucket, existing: { bucket: true, keyArn: keyOf } };
    const found = await findingsOf(deployerLook, brought);
    expect(account.simulated.map(({ action }) => action)).toContain('cloudformation:ValidateTemplate');
    expect(found).toEqual([]);
  });
});

describe('what the role of CloudFormation may deploy', () => {
  const OWN = 'arn:aws:iam::000000000000:role/cloudformation';
  const withRole = (role: string) => `provider: { iam: { deploymentRole: ${role} } }`;
  const DENIED = 'is denied what a deployment does';

  /** The titles of what a look finds where `serverless.yml` has these lines. */
  const found = async (written: string, asked: Look = deployerLook) => {
    await writeFile(join(directory.path, 'serverless.yml'), `service: sluice\n${written}\n`);
    const about = { stage: 'fresh', isLocal: false, ownRole: await readDeploymentRole(directory.path) };
    const seen = await deployed.look(asked, defineConfig({ bucket: 'acme-experiments' }), about);
    return seen.map(({ title }) => title);
  };
  /** The stack was deployed with the role last. */
  const describeDeployedByRole = () =>
    deployed.describe({ ...deployed.stack, name: 'sluice-fresh', roleArn: OWN });

  beforeEach(() => {
    account.caller = ROLE;
    // The role may do nothing, and whoever calls all but one.
    account.decide = (action, _, { source }) =>
      action === 'kms:CreateKey' || source === OWN ? 'implicitDeny' : 'allowed';
  });

  it("is the caller's without a role", async () => {
    expect(await found('provider: { name: aws }')).toEqual([
      expect.stringContaining(`${CALLER} ${DENIED}: MakeKey: kms:CreateKey on *`),
    ]);
  });

  it.each([
    { what: 'serverless.yml names', written: withRole(`'${OWN}'`), describe: () => undefined },
    {
      what: 'the stack was deployed with',
      written: 'provider: { name: aws }',
      describe: describeDeployedByRole,
    },
  ])('is that of the role that $what', async ({ written, describe: setPolicies }) => {
    setPolicies();
    const denied = await found(written);
    expect(denied.filter((title) => !title.startsWith(`${OWN} ${DENIED}`))).toEqual([]);
    const Sids = denied.map((title) => title.slice(`${OWN} ${DENIED}: `.length).split(':')[0]);
    expect(Sids.join(' ')).toBe(
      'Stack ZipBucket Zips Template Functions Lists QueueTriggers QueueTriggerTags HttpApi Alarms Logs LogDelivery Identities DomainServiceRole Buckets Streams Queues Rules Schedules Secrets MakeKey Key KeyTags KeyAlias Databases Workgroups',
    );
  });

  it('is that of serverless.yml, whatever role the stack was deployed with', async () => {
    describeDeployedByRole();
    expect(await found(withRole(`'${ROLE.arn}'`))).toEqual([
      expect.stringContaining(`${ROLE.arn} ${DENIED}: MakeKey: kms:CreateKey on *`),
    ]);
  });

  it('has to be passed by the caller', async () => {
    account.decide = (action) => (action === 'iam:PassRole' ? 'implicitDeny' : 'allowed');
    expect(await found(`provider:\n  iam:\n    deploymentRole: ${OWN} # theirs`)).toEqual([
      expect.stringContaining(`${CALLER} ${DENIED}: PassRole: iam:PassRole on ${OWN}`),
    ]);
  });

  it('is not known of a variable', async () => {
    const variable = '$' + '{env:ROLE}';
    expect(await found(withRole(variable))).toEqual([expect.stringContaining(`not ${variable}`)]);
  });

  it('is not asked of a role in a comment', async () => {
    account.decide = () => 'allowed';
    expect(await found(`provider: {} # deploymentRole: '${OWN}'`)).toEqual([]);
    expect(new Set(account.simulated.map(({ source }) => source))).toEqual(new Set([CALLER]));
  });

  it('is not taken for none where serverless.yml cannot be read', async () => {
    const folder = join(directory.path, 'unreadable');
    expect(await readDeploymentRole(folder)).toBeUndefined();
    await mkdir(join(folder, 'serverless.yml'), { recursive: true });
    await expect(readDeploymentRole(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('has to include a grant of Lake Formation', async () => {
    for (const [path, answer] of lakeFormation({}, [])) account.answers.set(path, answer);
    expect(await found(withRole(`'${OWN}'`), databaseCreatorsLook)).toEqual([
      expect.stringContaining(`No grant lets ${OWN} make a database`),
    ]);
  });
});
