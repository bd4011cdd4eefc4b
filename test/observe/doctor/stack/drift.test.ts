import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { driftLook, judgeDrift } from '../../../../observe/doctor/stack/drift.ts';
import { answeredBy, answering } from '../../../harness/answering.ts';
import { commands, setupOf } from '../setupOf.ts';

it('resources that CloudFormation could not compare are told with its reason, once the detection is over', async () => {
  const DetectionStatusReason = 'Failed to detect drift on resource [Key]';
  const { client: cloudFormation, asked } = answering(
    CloudFormationClient,
    { StackDriftDetectionId: '1' },
    { DetectionStatus: 'DETECTION_IN_PROGRESS' },
    { DetectionStatus: 'DETECTION_FAILED', DetectionStatusReason },
    { StackResourceDrifts: [] },
  );
  const pauses: number[] = [];
  const wait = async (ms: number) => void pauses.push(ms);
  const findings = await driftLook.find(
    setupOf({ clients: { cloudFormation }, stackName: 's', wait, random: () => 0.5, commands }),
  );
  expect(findings).toMatchObject([
    { code: 'SLUICE_FINDING_UNCHECKED', detail: expect.stringContaining(DetectionStatusReason) },
  ]);
  expect(asked).toEqual([
    { name: 'DetectStackDrift', input: { StackName: 's' } },
    { name: 'DescribeStackDriftDetectionStatus', input: { StackDriftDetectionId: '1' } },
    { name: 'DescribeStackDriftDetectionStatus', input: { StackDriftDetectionId: '1' } },
    {
      name: 'DescribeStackResourceDrifts',
      input: { StackName: 's', StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    },
  ]);
  expect(pauses).toEqual([5_000]);
});

it('a detection of drift that does not end is given up after half an hour, and told', async () => {
  let looks = 0;
  const cloudFormation = answeredBy(CloudFormationClient, ({ input }) => {
    if ('StackDriftDetectionId' in input) looks += 1;
    if (looks > 1_000) throw new Error('It does not end.');
    return { StackDriftDetectionId: '1', DetectionStatus: 'DETECTION_IN_PROGRESS', StackResourceDrifts: [] };
  });
  let waited = 0;
  const wait = async (ms: number) => {
    waited += ms;
  };
  const setup = { clients: { cloudFormation }, stackName: 's', wait, random: () => 0.5, commands };
  expect(await driftLook.find(setupOf(setup))).toMatchObject([
    {
      code: 'SLUICE_FINDING_UNCHECKED',
      detail:
        'The detection had not ended after 30 minutes: what differs by this look may be of an earlier detection.',
    },
  ]);
  expect([looks, waited]).toEqual([361, 1_800_000]);
});

describe('a resource that differs', () => {
  const ofQueue = { ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'q' } as const;

  it('is told by each property, also one that the template or AWS does not have', () => {
    const difference = { DifferenceType: 'NOT_EQUAL' } as const;
    const found = judgeDrift(
      {
        ...ofQueue,
        StackResourceDriftStatus: 'MODIFIED',
        PropertyDifferences: [
          { ...difference, PropertyPath: '/a', ExpectedValue: '1', ActualValue: '' },
          { ...difference, PropertyPath: '/b', ExpectedValue: '', ActualValue: '2' },
        ],
      },
      ['revert'],
    );
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_DRIFT',
      detail: 'AWS::SQS::Queue q: /a: got none, expected 1; /b: got 2, expected none.',
      commands: ['revert'],
    });
    expect(found.title).toContain('in 2 points, the first /a');
  });

  it('is missing if it was deleted', () => {
    expect(judgeDrift({ ...ofQueue, StackResourceDriftStatus: 'DELETED' }, ['revert'])).toMatchObject({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      detail: 'The resource AWS::SQS::Queue q.',
      commands: ['revert'],
    });
  });
});
