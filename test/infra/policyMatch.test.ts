import { describe, expect, it } from '@jest/globals';
import { isOfAction, isOfRole, mayAllow, partsOf } from '../../infra/template/policyMatch.ts';

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
    {
      what: 'that allows it under a condition',
      Statement: [{ ...allow, Condition: { Bool: {} } }],
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
    { what: 'of the action S3:put*', statement: { Action: 'S3:put*' } },
    { what: 'of s3:GetObject and s3:PutObjec?', statement: { Action: ['s3:GetObject', 's3:PutObjec?'] } },
    { what: 'of all actions but s3:Get*', statement: { NotAction: 's3:Get*' } },
  ])('$what is of s3:PutObject', ({ statement }) => {
    expect(isOfAction(statement, 's3:PutObject')).toBe(true);
  });

  it.each([
    { what: 'of the action s3:Put', statement: { Action: 's3:Put' } },
    { what: 'of the action PutObject', statement: { Action: 'PutObject' } },
    { what: 'of the action s3:Put?', statement: { Action: 's3:Put?' } },
    { what: 'of all actions but s3:Put*', statement: { NotAction: ['s3:Put*'] } },
  ])('$what is not of s3:PutObject', ({ statement }) => {
    expect(isOfAction(statement, 's3:PutObject')).toBe(false);
  });

  it.each([
    { what: 'everything', statement: { Resource: '*' }, resource: FILE, parts: [FILE] },
    {
      what: 'a file with a dot, which is no wildcard',
      statement: { Resource: FILE },
      resource: 'arn:aws:s3:::acme/aXcsv',
      parts: [],
    },
    {
      what: 'all but its folder',
      statement: { NotResource: 'arn:aws:s3:::acme/*' },
      resource: FILE,
      parts: [],
    },
    {
      what: 'all but another bucket',
      statement: { NotResource: 'arn:aws:s3:::b/*' },
      resource: FILE,
      parts: [FILE],
    },
    {
      what: 'parts of what is asked',
      statement: { Resource: ['b/x/*', 'b/x/y', 'c'] },
      resource: 'b/*',
      parts: ['b/x/*', 'b/x/y'],
    },
    {
      what: 'files of a kind in a folder and below',
      statement: { Resource: ['b/*.csv', 'c/*.csv'] },
      resource: 'b/x/*',
      parts: ['b/*.csv'],
    },
    { what: 'what is below a folder', statement: { Resource: 'b/x/*' }, resource: 'b/', parts: [] },
  ])('of $what is about $parts.length parts of $resource', ({ statement, resource, parts }) => {
    expect(partsOf(statement, resource)).toEqual(parts);
  });

  it.each([
    { what: 'of everybody', statement: { Principal: '*' }, isOf: true },
    { what: 'of everybody by their ARN', statement: { Principal: { AWS: '*' } }, isOf: true },
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
