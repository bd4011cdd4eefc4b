import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { lackingTypes, madeResources } from '../../../cli/trial/madeResources.ts';

const id = '1f0c93ab';
const name = `sluice-trial-${id}`;
const stackId = `arn:aws:cloudformation:eu-west-1:111122223333:stack/${name}/0001`;

let second = 0;
/** An event of the trial's stack, later than the one before. */
const event = (
  type: string,
  physical: string,
  status: StackEvent['ResourceStatus'],
  more: object = {},
): StackEvent => {
  second += 1;
  return {
    ...{ EventId: String(second), StackName: name, StackId: stackId, ResourceType: `AWS::${type}` },
    ...{ PhysicalResourceId: physical, ResourceStatus: status, Timestamp: new Date(second * 1_000) },
    ...more,
  };
};
/** What may be deleted, of events from the first to the last. */
const made = (...events: StackEvent[]) => madeResources({ id, stackId }, events.toReversed());
const ids = (all: readonly { readonly type: string; readonly id: string }[]) =>
  all.map(({ type, id: physical }) => `${type.split('::').at(-1)} ${physical}`);

describe('madeResources', () => {
  it('has what was created, in the order in which it can be deleted', () => {
    const { staying, others } = made(
      event('KMS::Key', 'k-1', 'CREATE_COMPLETE'),
      event('S3::Bucket', name, 'CREATE_COMPLETE'),
      event('Glue::Database', name.replaceAll('-', '_'), 'CREATE_COMPLETE'),
      event('Glue::Table', 'quarantine', 'CREATE_COMPLETE'),
      event('SQS::Queue', `https://sqs/${name}-write`, 'CREATE_COMPLETE'),
      event(
        'SecretsManager::Secret',
        `arn:aws:secretsmanager:eu-west-1:1:secret:${name}-keys-AbCdEf`,
        'CREATE_COMPLETE',
      ),
      event('KinesisFirehose::DeliveryStream', `${name}-LandingStream-x`, 'CREATE_COMPLETE'),
    );
    expect(ids(staying).map((one) => one.split(' ')[0])).toEqual([
      ...['DeliveryStream', 'Table', 'Database', 'Secret', 'Bucket', 'Key'],
    ]);
    expect(ids(others)).toEqual([`Queue https://sqs/${name}-write`]);
  });

  it('has what a failed creation left, and not what it failed to create', () => {
    const { staying, others } = made(
      event('CloudFormation::Stack', stackId, 'CREATE_IN_PROGRESS'),
      event('KMS::Key', 'k-1', 'CREATE_COMPLETE'),
      // S3 has said that the bucket exists: it is somebody else's.
      event('S3::Bucket', name, 'CREATE_IN_PROGRESS'),
      event('S3::Bucket', name, 'CREATE_FAILED'),
      event('KMS::Key', 'k-1', 'DELETE_SKIPPED'),
      event('CloudFormation::Stack', stackId, 'ROLLBACK_COMPLETE'),
    );
    expect([ids(staying), others]).toEqual([['Key k-1'], []]);
  });

  it('leaves out what is deleted, and knows what a replacement has left', () => {
    const { staying } = made(
      event('S3::Bucket', `${name}-drops`, 'CREATE_COMPLETE'),
      event('S3::Bucket', `${name}-drops`, 'DELETE_COMPLETE'),
      event('IAM::Role', `${name}-LandingDeliveryRole-a`, 'CREATE_COMPLETE'),
      event('IAM::Role', `${name}-LandingDeliveryRole-b`, 'CREATE_COMPLETE'),
      event('IAM::Role', `${name}-LandingDeliveryRole-b`, 'UPDATE_COMPLETE'),
      event('IAM::Role', `${name}-LandingDeliveryRole-a`, 'DELETE_FAILED'),
    );
    expect(ids(staying).toSorted()).toEqual([
      `Role ${name}-LandingDeliveryRole-a`,
      `Role ${name}-LandingDeliveryRole-b`,
    ]);
  });

  it('takes the later of two events of the same time', () => {
    const at = { Timestamp: new Date(0) };
    const bucket = (status: StackEvent['ResourceStatus']) => event('S3::Bucket', name, status, at);
    expect(made(bucket('CREATE_COMPLETE'), bucket('DELETE_COMPLETE')).staying).toEqual([]);
  });

  it('leaves alone events of another stack, and names of another', () => {
    const other = { StackId: stackId.replace('0001', '0002') };
    const { staying, others } = made(
      event('S3::Bucket', name, 'CREATE_COMPLETE', other),
      event('S3::Bucket', 'sluice-prod', 'CREATE_COMPLETE'),
      event('S3::Bucket', `${name}0`, 'CREATE_COMPLETE'),
      event('Glue::Database', 'sluice', 'CREATE_COMPLETE'),
    );
    expect([staying, ids(others)]).toEqual([
      ...[[], ['Bucket sluice-prod', `Bucket ${name}0`, 'Database sluice']],
    ]);
  });
});

describe('lackingTypes', () => {
  it('has the types that CloudFormation says it has not made', () => {
    const reason = (ResourceStatusReason: string) => ({ ResourceStatusReason });
    const lacks = lackingTypes([
      event(
        'Athena::WorkGroup',
        '',
        'CREATE_COMPLETE',
        reason('Resource type AWS::Athena::WorkGroup is not supported'),
      ),
      event('S3::Bucket', name, 'CREATE_IN_PROGRESS', reason('Resource creation Initiated')),
    ]);
    expect([...lacks]).toEqual(['AWS::Athena::WorkGroup']);
  });
});
