import { describe, expect, it } from '@jest/globals';
import { differingPoints, sameDocument } from '../../../observe/facts/differingPoints.ts';

const statement = (Sid: string, Effect = 'Deny') => ({ Sid, Effect, Action: ['s3:*'] });

interface PointsCase {
  readonly what: string;
  /** The document that the stack needs. */
  readonly wanted: unknown;
  /** The document that there is. */
  readonly current: unknown;
  readonly points: readonly string[];
}

it.each<PointsCase>([
  {
    what: 'a member that is not set',
    wanted: { EventBridgeConfiguration: {} },
    current: {},
    points: ['EventBridgeConfiguration is not set'],
  },
  {
    what: 'another value, and a member that is not set',
    wanted: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true },
    current: { BlockPublicAcls: false, IgnorePublicAcls: true },
    points: ['BlockPublicAcls is false instead of true', 'BlockPublicPolicy is not set'],
  },
  {
    what: 'members of a rule without an ID',
    wanted: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } }],
    },
    current: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    points: [
      'Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm is "AES256" instead of "aws:kms"',
      'Rules.ApplyServerSideEncryptionByDefault.KMSMasterKeyID is not set',
    ],
  },
  {
    what: 'statements, each compared with that of its ID',
    wanted: { Statement: [statement('Tls'), statement('Delete'), statement('Same')] },
    current: { Statement: [statement('Other'), statement('Same'), statement('Delete', 'Allow')] },
    points: ['Tls is missing', 'Delete.Effect is "Allow" instead of "Deny"'],
  },
  {
    what: 'a list of texts that lacks one',
    wanted: { Resource: ['a', 'b'] },
    current: { Resource: ['a'] },
    points: ['Resource differs'],
  },
  {
    what: 'nothing where only the order of a list differs',
    wanted: { Resource: ['a', 'b'] },
    current: { Resource: ['b', 'a'] },
    points: [],
  },
  {
    what: 'nothing where an item stands for a list of it',
    wanted: { Resource: ['a'] },
    current: { Resource: 'a' },
    points: [],
  },
  {
    what: 'nothing where what is not set is off or empty',
    wanted: { Compressed: false, Location: '' },
    current: {},
    points: [],
  },
  {
    what: 'nothing of members that it has besides',
    wanted: { Status: 'Enabled' },
    current: { Status: 'Enabled', MFADelete: 'Disabled' },
    points: [],
  },
])('the points in which a document differs are $what', ({ wanted, current, points }) => {
  expect(differingPoints(wanted, current, '')).toEqual(points);
});

describe('documents of AWS', () => {
  it('are the same but for order, lists of one item and members without a value', () => {
    const found = { a: ['x'], b: [{ c: 1 }, { d: 2 }], e: undefined };
    expect(sameDocument(found, { b: [{ d: 2 }, { c: 1 }], a: 'x' })).toBe(true);
  });

  it.each([
    { what: 'a list has one more item', found: { a: ['x'] }, other: { a: ['x', 'y'] } },
    { what: 'one has a member more', found: { a: 1 }, other: { a: 1, b: 2 } },
    { what: 'a value differs', found: { a: 1 }, other: { a: 2 } },
  ])('differ where $what', ({ found, other }) => {
    expect(sameDocument(found, other)).toBe(false);
  });
});
