import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { groupsKey } from '../../../lib/tables/tableFolders.ts';
import { looks } from '../../../observe/doctor/diagnose.ts';
import { namesLook } from '../../../observe/doctor/names.ts';
import { removeVersion } from '../../harness/storyCloud.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';
import { startDeployment } from './startDeployment.ts';

const deployed = await startDeployment();
afterEach(() => deployed.faults.clear());
afterAll(() => deployed.close());

describe('sluice doctor on the local cloud', () => {
  it('finds no problem, and prints every check', async () => {
    const { code, stdout, stderr } = await deployed.doctor();
    expect({ code, stderr, problems: stdout.match(/PROBLEM|warning /g) }).toEqual({
      code: 0,
      stderr: '',
      problems: null,
    });
    const names = Array.from(stdout.matchAll(/^(?:ok|not checked) +(\S+) /gm), ([, name]) => name);
    expect(names).toEqual(['account', ...looks.map(({ name }) => name)]);
  });

  it('names what the local cloud does not emulate', async () => {
    const { code, report } = await deployed.diagnose();
    expect(code).toBe(0);
    expect(report.stack).toBe('sluice-local');
    expect(report.problems).toBe(0);
    const unchecked = report.checks.filter(({ verdict }) => verdict !== 'fine');
    const finding = (service: string) => ({
      code: 'SLUICE_FINDING_UNCHECKED',
      detail: `NotImplemented: The service ${service} is not emulated by the local cloud.`,
    });
    expect(unchecked).toMatchObject([
      { check: 'quotas', verdict: 'unchecked', findings: [finding('apigateway'), finding('lambda')] },
      { check: 'roles', verdict: 'unchecked', findings: [finding('iam')] },
    ]);
  });

  it('prints what AWS says of a missing permission, and makes all other checks, also those of drops', async () => {
    const directory = temporaryDirectory();
    const source = `{ name: 'acme', bucket: 'acme-drops', owner: '111122223333', datasets: [{ name: 'events', kind: 'events' }] }`;
    const file = writeConfig(
      directory.path,
      `{ sources: [${source}], bucket: 'sluice-experiments', unitIds: { companyID: 'company_id' } }`,
    );
    const denied = { fault: 'failCalls', calls: 'all' } as const;
    deployed.faults.set({
      s3: [{ ...denied, operations: ['GetBucketPolicy'], code: 'AccessDenied' }],
      glue: [{ ...denied, operations: ['GetPartitions'], code: 'AccessDeniedException' }],
      sqs: [{ ...denied, code: 'AccessDeniedException' }],
    });
    const asked = deployed.diagnose({ SLUICE_CONFIG: file });
    const { code, report, found: all } = await asked.finally(() => directory.remove());
    expect(code).toBe(3);
    expect(all.has('status SLUICE_FINDING_INGEST_LATE')).toBe(true);
    expect(report.problems).toBe(5);
    const missing = report.checks.flatMap(({ check, findings }) =>
      findings
        .filter((found) => found.code === 'SLUICE_FINDING_UNREADABLE')
        .map(({ detail }) => [check, detail]),
    );
    expect(missing).toEqual([
      ['bucket-settings', 'the setting policy of the bucket: AccessDenied: Access Denied'],
      [
        'all-partitions',
        'the partitions of events, the partitions of exposures, the partitions of quarantine: AccessDeniedException: You are not authorized to perform this operation.',
      ],
      [
        'queues',
        expect.stringMatching(
          /^the queue \S+, .* and 3 more: AccessDenied: You are not authorized to perform this operation\.$/,
        ),
      ],
      ['bucket-policy', 'the check bucket-policy: AccessDenied: Access Denied'],
      [
        'status',
        'denied calls, the setting policy of the bucket: AccessDenied: Access Denied; the dead letters: AccessDenied: You are not authorized to perform this operation.; the partitions, the partitions of curated days, the partitions of drops: AccessDeniedException: You are not authorized to perform this operation.',
      ],
    ]);
  });

  it('checks another stage, and uses other credentials', async () => {
    const other = await deployed.doctor(['--json', '--stage', 'prod'], {
      SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts',
    });
    expect(other.code).toBe(3);
    // The look at the stack finds that it is missing, and all others need it.
    const [stackName, ...needing] = looks.map(({ name }) => name);
    expect(JSON.parse(other.stdout)).toMatchObject({
      stack: 'sluice-prod',
      region: 'us-east-1',
      account: '000000000000',
      problems: 1,
      checks: [{ check: 'account' }, { check: stackName }],
      skipped: needing,
    });
    const { code, found, report } = await deployed.diagnose({
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'wrong',
    });
    expect(code).toBe(3);
    expect(report.problems).toBe(1);
    expect([...found.keys()][0]).toBe('account SLUICE_FINDING_CREDENTIALS');
  });

  describe('on a configuration', () => {
    const warningsOf = async (more: object = {}) => {
      const config = defineConfig({ bucket: deployed.bucket, unitIds: { companyID: 'company_id' }, ...more });
      return (await deployed.look(namesLook, config)).map(({ code }) => code);
    };

    it('warns that holdouts are unknown, but not with an empty list', async () => {
      expect(await warningsOf()).toEqual(['SLUICE_FINDING_NAMES_UNKNOWN']);
      expect(await warningsOf({ holdouts: [] })).toEqual([]);
    });

    it('does not warn after specs were pulled', async () => {
      const s3 = new S3Client({ ...deployed.options, forcePathStyle: true });
      const object = {
        Bucket: 'sluice-experiments',
        Key: groupsKey(defineConfig({ bucket: 'sluice-experiments' })),
      };
      try {
        await s3.send(new PutObjectCommand({ ...object, Body: '{}' }));
        expect(await warningsOf()).toEqual([]);
      } finally {
        await removeVersion(s3, object.Bucket, object.Key);
        s3.destroy();
      }
    });
  });
});
