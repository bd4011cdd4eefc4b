import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { resources } from '../../infra/resources.ts';
import { madeByServerless } from '../../infra/serverless/service.ts';
import { lengthOf, substitution } from '../../infra/template/substitute.ts';
import { templateProblems } from '../../infra/template/templateProblems.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import {
  parseTemplate,
  type ResolvedTemplate,
  resolveTemplate,
  type Template,
} from '../../packages/local-aws/src/template/index.ts';
import { NAME_LIMITS } from './limits.ts';
import { packageTemplate, SALT } from './packageTemplate.ts';
import { policyExceptions } from './policyExceptions.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const policy = z.object({
  Statement: z.array(
    z.object({ Effect: z.string(), Action: texts.default([]), Resource: texts.default([]) }),
  ),
});
/** The policies of a role or user, or the one that a policy of its own is. */
const documentSchema = z
  .object({
    Policies: z.array(z.object({ PolicyDocument: policy })).default([]),
    PolicyDocument: policy.optional(),
  })
  .transform(({ Policies, PolicyDocument }) => [
    ...Policies.map((inline) => inline.PolicyDocument),
    ...(PolicyDocument === undefined ? [] : [PolicyDocument]),
  ]);

const json = (value: unknown) => JSON.stringify(value);

describe.each(Object.entries(templateConfigurations).map(([what, options]) => ({ what, options })))(
  'the packaged template: $what',
  ({ options }) => {
    let template: Template;
    let resolved: ResolvedTemplate;
    beforeAll(async () => {
      template = parseTemplate(await packageTemplate(options));
      resolved = resolveTemplate(template, {
        region: options.region ?? 'us-east-1',
        account: '111122223333',
        partition: 'aws',
        stackName: 'sluice-prod',
        endpoint: 'https://sqs.amazonaws.com',
      });
    });
    const ofType = (type: string) => resolved.resources.filter((resource) => resource.type === type);

    it("leaves browsers' preflights to the gateway: no route matches OPTIONS", () => {
      const keys = ofType('AWS::ApiGatewayV2::Route').map(({ properties }) => String(properties['RouteKey']));
      expect(keys.filter((key) => !/^(GET|HEAD|POST|PUT|PATCH|DELETE) \//.test(key))).toEqual([]);
    });

    it('contains no secret of the configuration or the environment', () => {
      const text = json(template);
      expect(text).not.toContain(SALT);
      expect(text).not.toMatch(/\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|aws_secret_access_key/i);
      // Secrets of users go into Secrets Manager and nowhere else.
      const { Resources, Outputs } = template;
      const elsewhere = Object.values(Resources).filter(({ Type }) => Type !== 'AWS::SecretsManager::Secret');
      expect(json([elsewhere, Outputs])).not.toContain('SecretAccessKey');
    });

    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    it('has IDs, names and descriptions that CloudFormation takes', () => {
      const { Resources, Outputs } = template;
      const ids = Object.keys(Resources).filter((id) => !/^[A-Za-z0-9]+$/.test(id) || id.length > 255);
      expect(ids).toEqual([]);
      for (const [output, { Description = '' }] of Object.entries(Outputs)) {
        expect(output.length).toBeLessThanOrEqual(255);
        expect(Buffer.byteLength(Description)).toBeLessThanOrEqual(1_024);
      }
    });

    it('has as many resources as the doctor counts without Serverless, and no more bytes', () => {
      const config = defineConfig({ bucket: 'acme-experiments', ...options });
      const stack = { config, service: 'sluice', stage: 'prod' };
      const made = resources(stack);
      const also = madeByServerless(stack);
      expect(Object.keys(template.Resources)).toHaveLength(
        Object.keys(made.Resources).length + also.resources,
      );
      expect(json(template).length).toBeLessThanOrEqual(json(made).length + also.bytes);
    });

    it('has no name that is too long for its service', () => {
      const long = resolved.resources.flatMap(({ type, logicalId, properties }) => {
        const [property = '', most = 0] = NAME_LIMITS.get(type) ?? [];
        const given = properties[property];
        return typeof given === 'string' && given.length > most ? [`${logicalId}.${property}: ${given}`] : [];
      });
      expect(long).toEqual([]);
    });

    it('is counted as it will be: what packaging counts is what a stack has', () => {
      const place = { stackName: 'sluice-prod', region: options.region ?? 'us-east-1' };
      const filled = substitution(template, place);
      const policies = resolved.resources.filter(({ type }) => type === 'AWS::IAM::Role');
      for (const { logicalId, properties } of policies) {
        const policiesLength = (role: unknown) => lengthOf(Object(role).Policies);
        // Suffixes of names that AWS chooses are a character longer at most.
        const counted = policiesLength(filled(template.Resources[logicalId]?.Properties));
        expect({ logicalId, miscounted: counted - policiesLength(properties) }).toEqual({
          logicalId,
          miscounted: expect.closeTo(0, -1),
        });
      }
    });

    it('has no policy that is too long for its role, user or resource', () => {
      const place = { stackName: 'sluice-prod', region: options.region ?? 'us-east-1' };
      expect(templateProblems(template, place)).toEqual([]);
    });

    it('allows all resources only where AWS supports no narrower scope, and no action by pattern', () => {
      const identities = ['AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'];
      const allowed = resolved.resources
        .filter(({ type }) => identities.includes(type))
        .flatMap(({ logicalId, properties }) =>
          documentSchema
            .parse(properties)
            .flatMap(({ Statement }) => Statement)
            .filter(({ Effect }) => Effect === 'Allow')
            .map((statement) => ({ logicalId, ...statement })),
        );
      expect(allowed.length).toBeGreaterThan(20);
      const listed = new Set(policyExceptions.unscoped.flatMap(({ actions }) => actions));
      const wild = allowed.flatMap(({ logicalId, Action, Resource }) =>
        Action.filter(
          (action) => action.includes('*') || (Resource.includes('*') && !listed.has(action)),
        ).map((action) => `${logicalId}: ${action}`),
      );
      expect(wild).toEqual([]);
    });

    it('lets Lambda run message chains only for functions that send to their own queue and bound the chain', () => {
      const ofType = (type: string) =>
        Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
      const queueOf = new Map(
        ofType('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => [
          JSON.stringify(Properties?.['FunctionName']).match(/\w+LambdaFunction/)?.[0],
          JSON.stringify(Properties?.['EventSourceArn']).match(/\w+Queue/)?.[0],
        ]),
      );
      const wrong = ofType('AWS::Lambda::Function').filter(([id, { Properties }]) => {
        const queue = queueOf.get(id);
        const sendsToItself =
          queue !== undefined &&
          // It hides messages of its queue, and sends to its dead letters alone.
          queue !== 'RelayQueue' &&
          JSON.stringify(Properties?.['Environment']).includes(`{"Ref":"${queue}"}`);
        return (Properties?.['RecursiveLoop'] === 'Allow') !== sendsToItself;
      });
      expect(wrong.map(([id]) => id)).toEqual([]);
    });

    it("has Lambda's own lines in the logs of all functions but those of requests, where they cost more than their own", () => {
      const ofRequests = ['CollectLambdaFunction', ...('relay' in options ? ['RelayLambdaFunction'] : [])];
      const functions = ofType('AWS::Lambda::Function');
      expect(functions.length).toBeGreaterThan(5);
      for (const { logicalId, properties } of functions)
        expect({ logicalId, logging: properties['LoggingConfig'] }).toEqual({
          logicalId,
          logging: { LogFormat: 'JSON', ...(ofRequests.includes(logicalId) && { SystemLogLevel: 'WARN' }) },
        });
    });

    it('retains no named resource of a failed first deployment, so that the next one finds all names free', () => {
      const kept = Object.entries(template.Resources).filter(
        ([, resource]) => resource.DeletionPolicy === 'Retain',
      );
      // A version goes with its function.
      const nameless = ['AWS::KMS::Key', 'AWS::Lambda::Version'];
      const named = kept.filter(([, { Type, Properties = {} }]) => {
        const isUnnamed = !('DeliveryStreamName' in Properties || 'RoleName' in Properties);
        const mayBeUnnamed = ['AWS::KinesisFirehose::DeliveryStream', 'AWS::IAM::Role'].includes(Type);
        return !nameless.includes(Type) && !(mayBeUnnamed && isUnnamed);
      });
      expect(named.map(([id]) => id)).toEqual([]);
    });
  },
);
