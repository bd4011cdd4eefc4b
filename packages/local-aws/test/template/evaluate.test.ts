// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own notation
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evaluate, NO_VALUE, type Scope } from '../../src/template/evaluate.ts';

const scope: Scope = {
  ref: (name) => (name === 'AWS::NoValue' ? NO_VALUE : `ref(${name})`),
  attribute: (logicalId, attribute) => `att(${logicalId}.${attribute})`,
};
const run = (value: unknown) => evaluate(value, scope, 'X');

describe('intrinsic functions', () => {
  it.each([
    [{ Ref: 'Bucket' }, 'ref(Bucket)'],
    [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'att(Bucket.Arn)'],
    [{ 'Fn::GetAtt': 'Bucket.Arn' }, 'att(Bucket.Arn)'],
    [{ 'Fn::GetAtt': ['Nested', 'Outputs.Url'] }, 'att(Nested.Outputs.Url)'],
    [{ 'Fn::Sub': 'a ${B} ${C.Arn} ${AWS::Region}' }, 'a ref(B) att(C.Arn) ref(AWS::Region)'],
    [{ 'Fn::Sub': '${!B} !{timestamp:yyyy} $ {} $B' }, '${B} !{timestamp:yyyy} $ {} $B'],
    [{ 'Fn::Sub': ['${own}/${B}', { own: { Ref: 'C' } }] }, 'ref(C)/ref(B)'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }, 1, true]] }, 'a-ref(B)-1-true'],
    [{ 'Fn::Split': ['/', 'a/b'] }, ['a', 'b']],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['/', { 'Fn::Sub': 'a/${B}' }] }] }, 'ref(B)'],
    [{ 'Fn::Join': ['', { 'Fn::Split': ['.', 'a.b'] }] }, 'ab'],
  ])('evaluate %j', (value, expected) => {
    expect(run(value)).toEqual(expected);
  });

  it('omit AWS::NoValue from objects and lists', () => {
    const none = { Ref: 'AWS::NoValue' };
    expect(run({ a: none, b: [1, none, 2], c: { d: none } })).toEqual({ b: [1, 2], c: {} });
  });

  it("are not confused with a policy's Condition or a property with a similar name", () => {
    const policy = { Effect: 'Allow', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
    expect(run(policy)).toEqual(policy);
    expect(run({ Condition: 'x' })).toEqual({ Condition: 'x' });
    expect(run({ Ref: 'A', Other: 1 })).toEqual({ Ref: 'A', Other: 1 });
  });

  it.each([
    [{ 'Fn::If': ['c', 1, 2] }, 'LOCAL_AWS_TEMPLATE_INTRINSIC_UNSUPPORTED', 'Fn::If at X.'],
    [{ a: [{ 'Fn::Cidr': [] }] }, 'LOCAL_AWS_TEMPLATE_INTRINSIC_UNSUPPORTED', 'Fn::Cidr at X.a[0].'],
    [{ 'Fn::Sub': 'a', b: 1 }, 'LOCAL_AWS_TEMPLATE_INVALID', 'X: Fn::Sub stands beside other members.'],
    [{ Ref: 7 }, 'LOCAL_AWS_TEMPLATE_INVALID', 'X: Ref takes a logical ID.'],
    [
      { 'Fn::GetAtt': ['A'] },
      'LOCAL_AWS_TEMPLATE_INVALID',
      'X: Fn::GetAtt takes a logical ID and an attribute.',
    ],
    [{ 'Fn::Join': ['-', [['a']]] }, 'LOCAL_AWS_TEMPLATE_INVALID', 'X: Fn::Join takes texts.'],
    [{ 'Fn::Select': [3, ['a']] }, 'LOCAL_AWS_TEMPLATE_INVALID', 'X: Fn::Select has no item 3.'],
    [
      { 'Fn::Sub': { a: 1 } },
      'LOCAL_AWS_TEMPLATE_INVALID',
      'X: Fn::Sub takes a text, or a text and an object.',
    ],
  ])('reject %j', (value, code, detail) => {
    expect(() => run(value)).toThrow(expect.objectContaining({ code, detail }));
  });
});

describe('template evaluation', () => {
  it('changes nothing in plain values', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const intrinsics = /"(Ref|Fn::)/.test(JSON.stringify(value));
        fc.pre(!intrinsics);
        expect(run(value)).toEqual(value);
      }),
    );
  });

  it('reverses Fn::Split with Fn::Join', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, separator) => {
        expect(run({ 'Fn::Join': [separator, { 'Fn::Split': [separator, text] }] })).toBe(text);
      }),
    );
  });

  it('gives the same result for Fn::Sub as for joining the pieces', () => {
    const piece = fc.oneof(
      fc
        .string()
        .filter((text) => !/[$!{}]/.test(text))
        .map((text) => ({ sub: text, join: text })),
      fc.stringMatching(/^[A-Za-z]{1,8}$/).map((id) => ({ sub: `\${${id}}`, join: { Ref: id } })),
      fc
        .stringMatching(/^[A-Za-z]{1,8}$/)
        .map((id) => ({ sub: `\${${id}.Arn}`, join: { 'Fn::GetAtt': [id, 'Arn'] } })),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const substituted = run({ 'Fn::Sub': pieces.map(({ sub }) => sub).join('') });
        expect(substituted).toBe(run({ 'Fn::Join': ['', pieces.map(({ join }) => join)] }));
      }),
    );
  });
});
