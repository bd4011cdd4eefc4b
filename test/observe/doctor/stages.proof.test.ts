import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { AwsError, queryOperation, queryService } from '../../../packages/local-aws/src/protocol/index.ts';
import { type DoctorReport, type StartedDeployment, startDeployment } from './startDeployment.ts';

/** The stacks of the account, as CloudFormation lists them: one on a page. */
let stacks: readonly { name: string; status?: string; outputs?: Readonly<Record<string, string>> }[] = [];
/** An operation that is denied. */
let denied = '';

function requireAllowed(operation: string): void {
  if (operation === denied) throw new AwsError('AccessDenied', 403, 'No.');
}

const cloudFormation = queryService({
  signingName: 'cloudformation',
  version: '2010-05-15',
  namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  operations: new Map([
    queryOperation({
      name: 'ListStacks',
      input: z.record(z.string(), z.string()),
      run({ NextToken = '0', ...filter }) {
        requireAllowed('ListStacks');
        const page = Number(NextToken);
        const statuses = Object.values(filter);
        return [
          [
            'StackSummaries',
            stacks
              .slice(page, page + 1)
              .filter(({ status = 'UPDATE_COMPLETE' }) => statuses.includes(status))
              .map(({ name, status = 'UPDATE_COMPLETE' }) => [
                'member',
                [
                  ['StackName', name],
                  ['StackStatus', status],
                ],
              ]),
          ],
          ...(page + 1 < stacks.length ? [['NextToken', String(page + 1)] as const] : []),
        ];
      },
    }),
    queryOperation({
      name: 'DescribeStacks',
      input: z.object({ StackName: z.string() }),
      run({ StackName }) {
        requireAllowed('DescribeStacks');
        const found = stacks.find(({ name }) => name === StackName);
        if (found?.outputs === undefined)
          throw new AwsError('ValidationError', 400, `Stack with id ${StackName} does not exist`);
        return [
          [
            'Stacks',
            [
              [
                'member',
                [
                  ['StackName', StackName],
                  ['StackStatus', 'UPDATE_COMPLETE'],
                  [
                    'Outputs',
                    Object.entries(found.outputs).map(([key, value]) => [
                      'member',
                      [
                        ['OutputKey', key],
                        ['OutputValue', value],
                      ],
                    ]),
                  ],
                ],
              ],
            ],
          ],
        ];
      },
    }),
  ]),
});

const apart = {
  DataBucketName: 'acme-prod',
  DatabaseName: 'sluice_prod',
  StagingDatabaseName: 'staging_prod',
  WorkgroupName: 'sluice-prod',
};

describe("the doctor's comparison with stacks of other stages", () => {
  let deployed: StartedDeployment;
  beforeAll(async () => {
    deployed = await startDeployment(undefined, [cloudFormation]);
  });
  afterAll(() => deployed.close());

  /** Findings for sluice-local: the bucket is sluice-experiments, the database and the workgroup are sluice. */
  async function findings(...args: readonly string[]) {
    const { code, stdout } = await deployed.doctor(['--json', ...args]);
    const report: DoctorReport = JSON.parse(stdout);
    const found = report.checks.find(({ check }) => check === 'stages')?.findings ?? [];
    return { code, found: found.map((one) => `${one.code.replace('SLUICE_DOCTOR_', '')} ${one.detail}`) };
  }

  it.each([[[]], [['--before-deploy']]])(
    'names each resource that another stack has, with %j',
    async (args) => {
      stacks = [
        { name: 'sluice-prod', outputs: { ...apart, DataBucketName: 'sluice-experiments' } },
        { name: 'sluice-dev', outputs: { ...apart, StagingDatabaseName: 'sluice' } },
        {
          name: 'sluice-personal-ada',
          outputs: { ...apart, DatabaseName: 'statsig_staging', ReaderBiWorkgroupName: 'sluice' },
        },
      ];
      const { code, found } = await findings(...args);
      expect(code).toBe(3);
      expect(found).toEqual([
        'STAGE_SHARED bucket: sluice-prod has sluice-experiments, its DataBucketName.',
        'STAGE_SHARED database: sluice-dev has sluice, its StagingDatabaseName.',
        'STAGE_SHARED athena.stagingDatabase: sluice-personal-ada has statsig_staging, its DatabaseName.',
        'STAGE_SHARED athena.workgroup: sluice-personal-ada has sluice, its ReaderBiWorkgroupName.',
      ]);
    },
  );

  it('accepts stacks with other names, its own, removed ones, and those of other services', async () => {
    const same = { DataBucketName: 'sluice-experiments', DatabaseName: 'sluice', WorkgroupName: 'sluice' };
    stacks = [
      { name: 'sluice-local', outputs: same },
      { name: 'acme-sluice-prod', outputs: same },
      { name: 'sluice-removed', status: 'DELETE_COMPLETE', outputs: same },
      { name: 'sluice-going', status: 'DELETE_IN_PROGRESS' },
      { name: 'sluice-prod', outputs: apart },
    ];
    expect((await findings()).found).toEqual([]);
  });

  it('names a missing permission', async () => {
    stacks = [{ name: 'sluice-prod', outputs: apart }];
    denied = 'ListStacks';
    const unlisted = await findings();
    denied = 'DescribeStacks';
    const undescribed = await findings();
    denied = '';
    expect([unlisted, undescribed].map(({ found }) => found)).toEqual([
      ['NOT_ALLOWED cloudformation:ListStacks.'],
      ['NOT_ALLOWED cloudformation:DescribeStacks.'],
    ]);
  });
});
