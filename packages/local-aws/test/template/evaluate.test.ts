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
    { what: 'Ref', value: { Ref: 'Bucket' }, expected: 'ref(Bucket)' },
    { what: 'Fn::GetAtt of a list', value: { 'Fn::GetAtt': ['Bucket', 'Arn'] }, expected: 'att(Bucket.Arn)' },
    { what: 'Fn::GetAtt of a text', value: { 'Fn::GetAtt': 'Bucket.Arn' }, expected: 'att(Bucket.Arn)' },
    {
      what: 'Fn::GetAtt of an attribute with a point',
      value: { 'Fn::GetAtt': ['Nested', 'Outputs.Url'] },
      expected: 'att(Nested.Outputs.Url)',
    },
    {
      what: 'Fn::Sub',
      value: { 'Fn::Sub': 'a ${B} ${C.Arn} ${AWS::Region}' },
      expected: 'a ref(B) att(C.Arn) ref(AWS::Region)',
    },
    {
      what: 'Fn::Sub of what is no name',
      value: { 'Fn::Sub': '${!B} !{timestamp:yyyy} $ {} $B' },
      expected: '${B} !{timestamp:yyyy} $ {} $B',
    },
    {
      what: 'Fn::Sub with names of its own',
      value: { 'Fn::Sub': ['${own}/${B}', { own: { Ref: 'C' } }] },
      expected: 'ref(C)/ref(B)',
    },
    {
      what: 'Fn::Join of values',
      value: { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 1, true]] },
      expected: 'a-ref(B)-1-true',
    },
    { what: 'Fn::Split', value: { 'Fn::Split': ['/', 'a/b'] }, expected: ['a', 'b'] },
    {
      what: 'Fn::Select of Fn::Split',
      value: { 'Fn::Select': ['1', { 'Fn::Split': ['/', { 'Fn::Sub': 'a/${B}' }] }] },
      expected: 'ref(B)',
    },
    {
      what: 'Fn::Join of Fn::Split',
      value: { 'Fn::Join': ['', { 'Fn::Split': ['.', 'a.b'] }] },
      expected: 'ab',
    },
  ])('evaluate $what', ({ value, expected }) => {
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
    {
      value: { 'Fn::If': ['c', 1, 2] },
      code: 'LOCAL_AWS_TEMPLATE_INTRINSIC_UNSUPPORTED',
      detail: 'Fn::If at X.',
    },
    {
      value: { a: [{ 'Fn::Cidr': [] }] },
      code: 'LOCAL_AWS_TEMPLATE_INTRINSIC_UNSUPPORTED',
      detail: 'Fn::Cidr at X.a[0].',
    },
    {
      value: { 'Fn::Sub': 'a', b: 1 },
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: 'X: Fn::Sub stands beside other members.',
    },
    { value: { Ref: 7 }, code: 'LOCAL_AWS_TEMPLATE_INVALID', detail: 'X: Ref takes a logical ID.' },
    {
      value: { 'Fn::GetAtt': ['A'] },
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: 'X: Fn::GetAtt takes a logical ID and an attribute.',
    },
    {
      value: { 'Fn::Join': ['-', [['a']]] },
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: 'X: Fn::Join takes texts.',
    },
    {
      value: { 'Fn::Select': [3, ['a']] },
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: 'X: Fn::Select has no item 3.',
    },
    {
      value: { 'Fn::Sub': { a: 1 } },
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: 'X: Fn::Sub takes a text, or a text and an object.',
    },
  ])('reject, as $code, $detail', ({ value, code, detail }) => {
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
