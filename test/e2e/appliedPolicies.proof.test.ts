import { join } from 'node:path';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { VERSION } from '../../lib/base/version.ts';
import { POLICY_RECORDS_KEY } from '../../lib/tables/ledgerKeys.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const OWN = localAccount.id;
const BUCKET = 'acme-experiments';
const datasets = [{ name: 'events', kind: 'events' as const }];

const report = z.object({
  checks: z.array(
    z.object({
      check: z.string(),
      findings: z.array(
        z.object({
          code: z.string(),
          severity: z.string(),
          detail: z.string(),
          commands: z.array(z.string()),
        }),
      ),
    }),
  ),
});
const recordFile = z.object({
  policies: z.record(
    z.string(),
    z.looseObject({
      documents: z.record(
        z.string(),
        z.looseObject({ statements: z.array(z.looseObject({ Action: z.array(z.string()) })) }),
      ),
    }),
  ),
});

describe('policies that somebody applied by hand', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let s3: S3Client;
  let iam: IAMClient;
  let cloudFormation: CloudFormationClient;
  beforeAll(async () => {
    ingest = await ingestCloud({
      bucket: BUCKET,
      sources: [
        { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
        { name: 'own', bucket: 'own-drops', owner: OWN, datasets },
      ],
      exports: [{ name: 'out', table: 'acme_events', target: { bucket: 'acme-warehouse', owner: CUSTOMER } }],
    });
    const options = {
      ...{ endpoint: ingest.cloud.edge, region: 'us-east-1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    s3 = new S3Client({ ...options, forcePathStyle: true });
    iam = new IAMClient(options);
    cloudFormation = new CloudFormationClient(options);
    await s3.send(new CreateBucketCommand({ Bucket: 'own-drops' }));
  }, 120_000);
  afterAll(async () => {
    s3.destroy();
    iam.destroy();
    cloudFormation.destroy();
    await ingest.close();
  });

  const sluice = (...args: string[]) => callMain(args, { env: ingest.env });
  /** Findings of the check as `<code> <detail>`, and all of their commands. */
  async function diagnose(...args: string[]) {
    const { code, stdout } = await sluice('doctor', '--local', '--json', ...args);
    const { checks } = report.parse(JSON.parse(stdout));
    const findings = checks.find(({ check }) => check === 'applied-policies')?.findings ?? [];
    return {
      code,
      found: findings.map((one) => `${one.code.replace('SLUICE_DOCTOR_POLICY_', '')} ${one.detail}`),
      commands: findings.flatMap((one) => one.commands),
    };
  }
  async function readRecord() {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: POLICY_RECORDS_KEY }));
    return recordFile.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  }
  /** Updates the stack to another text of its template, and returns the text of before. */
  async function deploy(change: (text: string) => string): Promise<string> {
    const StackName = 'sluice-local';
    const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    const Body = change(TemplateBody);
    expect(Body).not.toBe(TemplateBody);
    const loaded = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
    });
    await ingest.cloud.update({ ...loaded, template: JSON.parse(Body) });
    return TemplateBody;
  }
  const writeRecord = (record: unknown) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: POLICY_RECORDS_KEY, Body: JSON.stringify(record) }));

  it('in other accounts are unconfirmed until somebody confirms them', async () => {
    const { code, found, commands } = await diagnose();
    // A bucket of this account needs no policy: the roles' own are enough.
    expect(found).toEqual([
      'UNCONFIRMED ingest-source/acme, bucketPolicy: printed before 0.3.0, or never confirmed.',
      'UNCONFIRMED export-target/out, bucketPolicy: printed before 0.3.0, or never confirmed.',
    ]);
    expect(code).toBe(0);
    expect((await sluice('doctor', '--local')).stdout).toContain(`\n      $ ${commands[0]}\n`);
    // The commands can be run as they are.
    for (const command of commands) {
      const [npx, name, ...words] = command.split(' ');
      expect([npx, name]).toEqual(['npx', 'sluice']);
      const ran = await sluice(...words);
      expect([ran.code, ran.stderr.includes('Placeholder left')]).toEqual([0, false]);
    }
    expect(await diagnose()).toEqual({ code: 0, found: [], commands: [] });
  });

  it('are confirmed with the hash that was printed, and with no other', async () => {
    const printed = await sluice(
      'policy',
      'print',
      '--for',
      'ingest-source',
      '--source',
      'acme',
      '--stage',
      'local',
      '--json',
    );
    const { name, hash, documents } = JSON.parse(printed.stdout).sluice;
    // There is only one document, whose own hash was printed too.
    for (const given of [documents.bucketPolicy.hash, hash])
      expect(await sluice('policy', 'confirm', name, '--hash', given, '--local')).toMatchObject({ code: 0 });
    const confirmed = await sluice('policy', 'confirm', name, '--hash', hash, '--local', '--json');
    expect(JSON.parse(confirmed.stdout)).toMatchObject({
      confirmed: [{ name: 'ingest-source/acme', hash, appliedTo: null }],
    });
    const other = await sluice('policy', 'confirm', name, '--hash', '00000000', '--local');
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('SLUICE_POLICY_HASH_DIFFERS') });
    const unknown = await sluice('policy', 'confirm', 'ingest-source/acne', '--local');
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean ingest-source/acme'),
    });
  });

  it('are reported with what this version changed in them, and whether that comes before the deployment', async () => {
    const record = await readRecord();
    const [first, second] = [
      record.policies['export-target/out']?.documents['bucketPolicy']?.statements[2],
      record.policies['ingest-source/acme']?.documents['bucketPolicy']?.statements[2],
    ];
    first?.Action.splice(first.Action.indexOf('s3:PutObjectAcl'), 1);
    second?.Action.push('s3:GetObjectVersion');
    await writeRecord(record);
    const now = await diagnose();
    expect(now.code).toBe(3);
    expect(now.found).toEqual([
      expect.stringMatching(
        /^WIDER ingest-source\/acme, bucketPolicy \(confirmed on \d{4}-\d\d-\d\d, from 0\.3\.0; now 0\.3\.0\): Objects: - s3:GetObjectVersion\.$/,
      ),
      expect.stringMatching(/^OUTDATED export-target\/out, .*: Objects: \+ s3:PutObjectAcl\.$/),
    ]);
    // A stage that is not deployed yet with this version.
    const before = await diagnose('--before-deploy', '--stage', 'local');
    expect(before.found.map((text) => text.slice(0, 9))).toEqual(now.found.map((text) => text.slice(0, 9)));
    // A deployment of an earlier version, which may need the removed permissions until it is gone.
    first?.Action.push('s3:GetObjectTorrent');
    await writeRecord(record);
    const template = await deploy((text) => text.replace(`"Value": "${VERSION}"`, '"Value": "0.2.0"'));
    expect((await diagnose()).found.map((text) => text.slice(text.indexOf(': ') + 2))).toEqual([
      `Objects: - s3:GetObjectVersion. Apply it after you deploy ${VERSION}: the deployed version may need what it no longer grants.`,
      `Objects: + s3:PutObjectAcl, - s3:GetObjectTorrent. Add what is new before you deploy ${VERSION}, and apply the whole after you deploy ${VERSION}: the deployed version may need what it no longer grants.`,
    ]);
    await deploy(() => template);
    for (const name of ['ingest-source/acme', 'export-target/out'])
      expect(await sluice('policy', 'confirm', name, '--local')).toMatchObject({ code: 0 });
    expect((await diagnose()).found).toEqual([]);
  });

  it('of buckets in this account are read back and compared', async () => {
    const print = [
      '--for',
      'ingest-source',
      '--source',
      'own',
      '--account',
      OWN,
      '--stage',
      'local',
      '--json',
    ];
    const { bucketPolicy } = JSON.parse((await sluice('policy', 'print', ...print)).stdout);
    const put = (policy: unknown) =>
      s3.send(new PutBucketPolicyCommand({ Bucket: 'own-drops', Policy: JSON.stringify(policy) }));
    // Next to a statement of others, with a value that is not a text.
    const others = {
      Sid: 'Others',
      Effect: 'Allow',
      Principal: { AWS: OWN },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::own-drops/*',
      Condition: { Bool: { 'aws:SecureTransport': true } },
    };
    await put({ ...bucketPolicy, Statement: [others, ...bucketPolicy.Statement] });
    expect((await diagnose()).found).toEqual([]);
    const [bucket, list] = bucketPolicy.Statement;
    await put({ ...bucketPolicy, Statement: [others, bucket, list] });
    const { found, commands } = await diagnose();
    expect(found).toEqual([
      'OUTDATED ingest-source/own, bucketPolicy (bucket policy of own-drops, from 0.3.0; now 0.3.0): new statement Objects.',
    ]);
    // It is read back, so there is nothing to confirm.
    expect(commands).toEqual([expect.stringMatching(/^npx sluice policy print --for ingest-source /)]);
    await put(bucketPolicy);
    expect((await diagnose()).found).toEqual([]);
  });

  it('of a role in this account are read back where somebody said that they are', async () => {
    const RoleName = 'sluice-deploy';
    const trust = { Effect: 'Allow', Principal: { AWS: OWN }, Action: 'sts:AssumeRole' };
    const made = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
    );
    const printed = await sluice(
      'policy',
      'print',
      '--for',
      'probe',
      '--account',
      OWN,
      '--stage',
      'local',
      '--json',
    );
    const { permissions } = JSON.parse(printed.stdout);
    const put = (policy: unknown) =>
      iam.send(
        new PutRolePolicyCommand({ RoleName, PolicyName: 'probe', PolicyDocument: JSON.stringify(policy) }),
      );
    await put(permissions);
    const to = ['--to', made.Role?.Arn ?? ''];
    expect(await sluice('policy', 'confirm', 'probe', ...to, '--local')).toMatchObject({ code: 0 });
    expect((await diagnose()).found).toEqual([]);
    await put({ ...permissions, Statement: permissions.Statement.slice(0, -1) });
    expect((await diagnose()).found).toEqual([
      expect.stringMatching(
        /^OUTDATED probe, permissions \(policy probe of role\/sluice-deploy, from 0\.3\.0; now 0\.3\.0\): new statement \w+\.$/,
      ),
    ]);
    await put(permissions);
  });

  it('have a record whose damage is reported, and which stays until it is removed', async () => {
    await writeRecord({ policies: { 'ingest-source/acme': 'yes' } });
    const { code, found } = await diagnose();
    expect([code, found]).toEqual([3, ['RECORD ']]);
    const refused = await sluice('policy', 'confirm', 'ingest-source/acme', '--local');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_POLICY_RECORD_INVALID'),
    });
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: POLICY_RECORDS_KEY }));
    expect((await diagnose()).found).toHaveLength(2);
  });
});
