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
    { statement: { Action: 'S3:put*' }, isOf: true },
    { statement: { Action: ['s3:GetObject', 's3:PutObjec?'] }, isOf: true },
    { statement: { Action: 's3:Put' }, isOf: false },
    { statement: { NotAction: 's3:Get*' }, isOf: true },
    { statement: { NotAction: ['s3:Put*'] }, isOf: false },
  ])('$statement is of s3:PutObject: $isOf', ({ statement, isOf }) => {
    expect(isOfAction(statement, 's3:PutObject')).toBe(isOf);
  });

  it.each([
    { statement: { Resource: '*' }, resource: FILE, denied: [FILE] },
    { statement: { Resource: 'arn:aws:s3:::acme/a+csv' }, resource: FILE, denied: [] },
    { statement: { NotResource: 'arn:aws:s3:::acme/*' }, resource: FILE, denied: [] },
    { statement: { NotResource: 'arn:aws:s3:::b/*' }, resource: FILE, denied: [FILE] },
    { statement: { Resource: ['b/x/*', 'b/x/y', 'c'] }, resource: 'b/*', denied: ['b/x/*', 'b/x/y'] },
    { statement: { Resource: 'b/x/*' }, resource: 'b/', denied: [] },
  ])('$statement denies of $resource: $denied', ({ statement, resource, denied }) => {
    expect(deniedOf(statement, resource)).toEqual(denied);
  });

  it.each([
    { statement: { Principal: '*' }, isOf: true },
    { statement: { Principal: { AWS: [ROLE] } }, isOf: true },
    { statement: { Principal: { AWS: '111122223333' } }, isOf: true },
    { statement: { Principal: { AWS: 'arn:aws:iam::111122223333:root' } }, isOf: true },
    { statement: { Principal: { AWS: '444455556666' } }, isOf: false },
    { statement: { Principal: { Service: 's3.amazonaws.com' } }, isOf: false },
    { statement: { NotPrincipal: { AWS: ROLE } }, isOf: false },
    { statement: { NotPrincipal: { AWS: '444455556666' } }, isOf: true },
  ])('$statement is of a role: $isOf', ({ statement, isOf }) => {
    expect(isOfRole(statement, ROLE)).toBe(isOf);
  });
});
