import { expect, it } from '@jest/globals';
import { instantiate } from './instantiate.ts';

/** Whether the template has its resource under this condition, if `Stage` is `prod` and `Zones` are a and b. */
function isMade(IsMade: unknown): boolean {
  const Parameters = { Stage: {}, Zones: { Default: ['a', 'b'] } };
  const Resources = { Topic: { Type: 'AWS::SNS::Topic', Condition: 'IsMade' } };
  const made = instantiate({ Parameters, Conditions: { IsMade }, Resources }, { Stage: 'prod' });
  return 'Topic' in made;
}

const isProd = { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] };

it.each([
  { what: 'equal texts', condition: isProd, made: true },
  { what: 'Fn::Not', condition: { 'Fn::Not': [isProd] }, made: false },
  { what: 'equal lists', condition: { 'Fn::Equals': [{ Ref: 'Zones' }, ['a', 'b']] }, made: true },
  {
    what: 'lists in another order',
    condition: { 'Fn::Equals': [{ Ref: 'Zones' }, ['b', 'a']] },
    made: false,
  },
])('a condition of $what makes its resource: $made', ({ condition, made }) => {
  expect(isMade(condition)).toBe(made);
});

it.each([
  { what: 'Fn::And', condition: { 'Fn::And': [isProd, isProd] } },
  { what: 'another condition', condition: { 'Fn::Not': [{ Condition: 'Other' }] } },
  { what: 'one text', condition: { 'Fn::Equals': ['prod'] } },
  { what: 'nothing', condition: undefined },
])('a condition of $what is refused, and does not pass for false', ({ condition }) => {
  expect(() => isMade(condition)).toThrow();
});

it('members without a value are left out, and parameters are put into texts', () => {
  const Properties = {
    TopicName: { 'Fn::Sub': `\${AWS::StackName}-\${Stage}` },
    KmsMasterKeyId: { 'Fn::If': ['IsProd', { Ref: 'AWS::NoValue' }, 'alias/test'] },
    Tags: [{ Ref: 'AWS::NoValue' }, { 'Fn::If': ['IsProd', 'paged', 'quiet'] }],
  };
  const template = {
    Parameters: { Stage: {} },
    Conditions: { IsProd: isProd },
    Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties } },
  };
  expect(instantiate(template, { Stage: 'prod' })['Topic']?.Properties).toEqual({
    TopicName: { 'Fn::Sub': `\${AWS::StackName}-prod` },
    Tags: ['paged'],
  });
});

it('a text with variables of its own is refused', () => {
  const Properties = { TopicName: { 'Fn::Sub': [`\${a}`, { a: 'b' }] } };
  const Resources = { Topic: { Type: 'AWS::SNS::Topic', Properties } };
  expect(() => instantiate({ Resources }, {})).toThrow();
});
