// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own notation
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolveTemplate } from '../../src/template/resolveTemplate.ts';
import { resourceTypes } from '../../src/template/resourceTypes.ts';
import { parseTemplate } from '../../src/template/Template.ts';

const stack = {
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  stackName: 'app-local',
  endpoint: 'http://127.0.0.1:4566',
};

const resolve = (template: object) => resolveTemplate(parseTemplate(template), stack);

/** Values of a `Ref` to one resource of a type, and of one of its attributes. */
function namesOf(Type: string, Properties: object, attribute?: string) {
  const { outputs } = resolve({
    Resources: { It: { Type, Properties } },
    Outputs: {
      ref: { Value: { Ref: 'It' } },
      ...(attribute === undefined ? {} : { attribute: { Value: { 'Fn::GetAtt': ['It', attribute] } } }),
    },
  });
  return [outputs.ref, outputs.attribute];
}

describe('names and ARNs', () => {
  const here = 'us-east-1:000000000000';
  it.each([
    {
      type: 'AWS::S3::Bucket',
      properties: { BucketName: 'b' },
      attribute: 'Arn',
      ref: 'b',
      value: 'arn:aws:s3:::b',
    },
    {
      type: 'AWS::SQS::Queue',
      properties: { QueueName: 'q' },
      attribute: 'Arn',
      ref: 'http://127.0.0.1:4566/000000000000/q',
      value: `arn:aws:sqs:${here}:q`,
    },
    {
      type: 'AWS::SQS::Queue',
      properties: { QueueName: 'q' },
      attribute: 'QueueName',
      ref: 'http://127.0.0.1:4566/000000000000/q',
      value: 'q',
    },
    {
      type: 'AWS::KinesisFirehose::DeliveryStream',
      properties: { DeliveryStreamName: 's' },
      attribute: 'Arn',
      ref: 's',
      value: `arn:aws:firehose:${here}:deliverystream/s`,
    },
    {
      type: 'AWS::Lambda::Function',
      properties: { FunctionName: 'f' },
      attribute: 'Arn',
      ref: 'f',
      value: `arn:aws:lambda:${here}:function:f`,
    },
    {
      type: 'AWS::Events::Rule',
      properties: { Name: 'r' },
      attribute: 'Arn',
      ref: 'r',
      value: `arn:aws:events:${here}:rule/r`,
    },
    {
      type: 'AWS::Scheduler::Schedule',
      properties: { Name: 'd' },
      attribute: 'Arn',
      ref: 'd',
      value: `arn:aws:scheduler:${here}:schedule/default/d`,
    },
    {
      type: 'AWS::IAM::Role',
      properties: { RoleName: 'x' },
      attribute: 'Arn',
      ref: 'x',
      value: 'arn:aws:iam::000000000000:role/x',
    },
    {
      type: 'AWS::Logs::LogGroup',
      properties: { LogGroupName: '/a/b' },
      attribute: 'Arn',
      ref: '/a/b',
      value: `arn:aws:logs:${here}:log-group:/a/b:*`,
    },
  ])('$type $properties $attribute', ({ type, properties, attribute, ref, value }) => {
    expect(namesOf(type, properties, attribute)).toEqual([ref, value]);
  });

  it('of Glue resources are plain names', () => {
    expect(namesOf('AWS::Glue::Database', { DatabaseInput: { Name: 'db' } })[0]).toBe('db');
    expect(namesOf('AWS::Glue::Table', { TableInput: { Name: 't' } })[0]).toBe('t');
  });

  it('are generated when none is given, the same at every start and valid for a bucket', () => {
    const [bucket] = namesOf('AWS::S3::Bucket', {});
    expect(bucket).toMatch(/^app-local-it-[0-9a-f]{12}$/);
    expect(namesOf('AWS::S3::Bucket', {})[0]).toBe(bucket);
    expect(namesOf('AWS::IAM::Role', {}, 'Arn')[1]).toMatch(/:role\/app-local-It-[0-9A-F]{12}$/);
  });

  it.each([...resourceTypes.keys()])('include a Ref of %s', (type) => {
    expect(namesOf(type, {})[0]).toEqual(expect.stringMatching(/./));
  });
});

describe('references', () => {
  it('are resolved also where one stands before another that it refers to', () => {
    const { resources, outputs } = resolve({
      Resources: {
        Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': '${Bucket}-queue' } } },
        Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': 'b-${AWS::Region}' } } },
      },
      Outputs: { Url: { Value: { Ref: 'Queue' } }, Stack: { Value: { Ref: 'AWS::StackName' } } },
    });
    expect(resources.map(({ logicalId }) => logicalId)).toEqual(['Bucket', 'Queue']);
    expect(outputs).toEqual({
      Url: 'http://127.0.0.1:4566/000000000000/b-us-east-1-queue',
      Stack: 'app-local',
    });
  });

  it('put each resource of an acyclic template after all that it needs', () => {
    const graph = fc.array(fc.array(fc.nat(100), { maxLength: 3 }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat(3)), (needs, styles) => {
        const edges = needs.map((targets, index) =>
          index === 0 ? [] : targets.map((to) => `R${to % index}`),
        );
        const entries = edges.map((targets, index) => {
          const style = styles.next().value;
          const reference = (id: string) => {
            if (style === 0) return { Ref: id };
            return style === 1 ? { 'Fn::GetAtt': [id, 'Arn'] } : { 'Fn::Sub': `\${${id}.Arn}` };
          };
          const resource =
            style === 3
              ? { Type: 'AWS::SQS::Queue', DependsOn: targets }
              : { Type: 'AWS::SQS::Queue', Properties: { X: targets.map(reference) } };
          return [`R${index}`, resource] as const;
        });
        const { resources } = resolve({ Resources: Object.fromEntries(entries.reverse()) });
        const place = new Map(resources.map(({ logicalId }, index) => [logicalId, index]));
        expect(place.size).toBe(edges.length);
        for (const [index, targets] of edges.entries()) {
          for (const target of targets) expect(place.get(target)).toBeLessThan(place.get(`R${index}`) ?? -1);
        }
      }),
    );
  });
});

describe('an unsupported template part', () => {
  const queue = (Properties: object) => ({ Type: 'AWS::SQS::Queue', Properties });
  it.each([
    {
      name: 'resource types, all at once',
      template: { Resources: { Topic: { Type: 'AWS::SNS::Topic' }, Key: { Type: 'AWS::DynamoDB::Table' } } },
      code: 'LOCAL_AWS_TEMPLATE_RESOURCE_UNSUPPORTED',
      detail: 'Topic (AWS::SNS::Topic), Key (AWS::DynamoDB::Table).',
    },
    {
      name: 'a reference to nothing',
      template: { Resources: { Q: queue({ A: { B: [{ Ref: 'Nope' }] } }) } },
      code: 'LOCAL_AWS_TEMPLATE_REFERENCE_UNKNOWN',
      detail: 'Nope at Q.A.B[0].',
    },
    {
      name: 'an attribute',
      template: { Resources: { P: queue({}), Q: queue({ A: { 'Fn::GetAtt': ['P', 'toString'] } }) } },
      code: 'LOCAL_AWS_TEMPLATE_REFERENCE_UNKNOWN',
      detail: 'attribute toString of AWS::SQS::Queue P at Q.A.',
    },
    {
      name: 'a pseudo parameter',
      template: { Resources: { Q: queue({ A: { Ref: 'AWS::NotificationARNs' } }) } },
      code: 'LOCAL_AWS_TEMPLATE_REFERENCE_UNKNOWN',
      detail: 'pseudo parameter AWS::NotificationARNs at Q.A.',
    },
    {
      name: 'a dependency on nothing',
      template: { Resources: { Q: { Type: 'AWS::SQS::Queue', DependsOn: 'Gone' } } },
      code: 'LOCAL_AWS_TEMPLATE_REFERENCE_UNKNOWN',
      detail: 'Q.DependsOn: Gone.',
    },
    {
      name: "a dependency on a member that JavaScript's objects have",
      template: { Resources: { Q: { Type: 'AWS::SQS::Queue', DependsOn: 'constructor' } } },
      code: 'LOCAL_AWS_TEMPLATE_REFERENCE_UNKNOWN',
      detail: 'Q.DependsOn: constructor.',
    },
    {
      name: 'a circle',
      template: {
        Resources: {
          A: queue({ X: { Ref: 'B' } }),
          B: queue({ X: { 'Fn::Sub': '${C.Arn}' } }),
          C: { Type: 'AWS::SQS::Queue', DependsOn: ['A'] },
        },
      },
      code: 'LOCAL_AWS_TEMPLATE_CYCLE',
      detail: 'A → B → C → A.',
    },
  ])('is rejected by name: $name', ({ template, code, detail }) => {
    expect(() => resolve(template)).toThrow(expect.objectContaining({ code, detail }));
  });

  it.each(['Parameters', 'Conditions', 'Mappings', 'Transform'])('is rejected by name: %s', (member) => {
    expect(() => resolve({ Resources: {}, [member]: {} })).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_TEMPLATE_INVALID',
        detail: expect.stringContaining(member),
      }),
    );
  });
});
