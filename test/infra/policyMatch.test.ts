import { describe, expect, it } from '@jest/globals';
import { deniedOf, isOfAction, isOfRole, mayAllow } from '../../infra/template/policyMatch.ts';

const FILE = 'arn:aws:s3:::acme/a.csv';
const ROLE = 'arn:aws:iam::111122223333:role/write';
const allow = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::acme/*' };
const deny = { ...allow, Effect: 'Deny', Action: 's3:*' };

describe('a policy', () => {
  it.each([
    { what: 'that allows it', Statement: [allow], may: true },
    { what: 'with one statement', Statement: allow, may: true },
    { what: 'without statements', Statement: [], may: false },
    { what: 'that denies it, too', Statement: [allow, deny], may: false },
    {
      what: 'that denies it under a condition',
      Statement: [allow, { ...deny, Condition: { Bool: {} } }],
      may: true,
    },
    { what: 'that allows another action', Statement: [{ ...allow, Action: 's3:GetObject' }], may: false },
    { what: 'that allows it elsewhere', Statement: [{ ...allow, Resource: 'arn:aws:s3:::b/*' }], may: false },
  ])('$what lets a file be put: $may', ({ Statement, may }) => {
    expect(mayAllow({ Statement }, 's3:PutObject', FILE)).toBe(may);
  });
});

describe('a statement', () => {
  it.each([
    { what: 'with a part of its name, in another case', statement: { Action: 'S3:put*' }, isOf: true },
    { what: 'with a list that has it', statement: { Action: ['s3:GetObject', 's3:PutObjec?'] }, isOf: true },
    { what: 'with the beginning of its name', statement: { Action: 's3:Put' }, isOf: false },
    { what: 'but for others', statement: { NotAction: 's3:Get*' }, isOf: true },
    { what: 'but for it', statement: { NotAction: ['s3:Put*'] }, isOf: false },
  ])('$what is of an action: $isOf', ({ statement, isOf }) => {
    expect(isOfAction(statement, 's3:PutObject')).toBe(isOf);
  });

  it.each([
    { what: 'of everything', statement: { Resource: '*' }, resource: FILE, denied: [FILE] },
    {
      what: 'of a name in which a pattern would have it',
      statement: { Resource: 'arn:aws:s3:::acme/a+csv' },
      resource: FILE,
      denied: [],
    },
    {
      what: 'but for its folder',
      statement: { NotResource: 'arn:aws:s3:::acme/*' },
      resource: FILE,
      denied: [],
    },
    {
      what: 'but for another bucket',
      statement: { NotResource: 'arn:aws:s3:::b/*' },
      resource: FILE,
      denied: [FILE],
    },
    {
      what: 'of parts of what is asked',
      statement: { Resource: ['b/x/*', 'b/x/y', 'c'] },
      resource: 'b/*',
      denied: ['b/x/*', 'b/x/y'],
    },
    { what: 'of what is below it', statement: { Resource: 'b/x/*' }, resource: 'b/', denied: [] },
  ])('that denies $what has of $resource: $denied', ({ statement, resource, denied }) => {
    expect(deniedOf(statement, resource)).toEqual(denied);
  });

  it.each([
    { what: 'of everybody', statement: { Principal: '*' }, isOf: true },
    { what: 'of its ARN', statement: { Principal: { AWS: [ROLE] } }, isOf: true },
    { what: 'of its account', statement: { Principal: { AWS: '111122223333' } }, isOf: true },
    {
      what: 'of the root of its account',
      statement: { Principal: { AWS: 'arn:aws:iam::111122223333:root' } },
      isOf: true,
    },
    { what: 'of another account', statement: { Principal: { AWS: '444455556666' } }, isOf: false },
    { what: 'of a service', statement: { Principal: { Service: 's3.amazonaws.com' } }, isOf: false },
    { what: 'of all but it', statement: { NotPrincipal: { AWS: ROLE } }, isOf: false },
    { what: 'of all but another account', statement: { NotPrincipal: { AWS: '444455556666' } }, isOf: true },
  ])('$what is of a role: $isOf', ({ statement, isOf }) => {
    expect(isOfRole(statement, ROLE)).toBe(isOf);
  });
});
