import type { ConfigInput } from '../../lib/schema/config.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { madeResources } from './madeResources.ts';

/** Where the stacks of tests are. */
export const PLACE = {
  region: 'eu-west-1',
  account: '111122223333',
  partition: 'aws',
  stackName: 'acme-prod',
  endpoint: 'http://127.0.0.1:4566',
} as const;

/** What Serverless makes of the functions and the API; here it only has to be there. */
const FROM_SERVERLESS = {
  HttpApi: { Type: 'AWS::ApiGatewayV2::Api' },
  ...Object.fromEntries(
    ['collect', 'register', 'write'].map((name) => [
      `${name.slice(0, 1).toUpperCase()}${name.slice(1)}LogGroup`,
      { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/acme-prod-${name}` } },
    ]),
  ),
};

/** The stack `acme-prod` of a configuration, made without Serverless: as it is in the template, and with all references resolved. */
export function madeStack(input: Partial<ConfigInput> = {}) {
  const { config, template: made } = madeResources(input);
  const template = parseTemplate({
    Resources: { ...made.Resources, ...FROM_SERVERLESS },
    Outputs: made.Outputs,
  });
  return {
    config,
    made,
    template,
    /** Not of a stack with a Function URL or customers, which refer to functions. */
    get resolved() {
      return resolveTemplate(template, PLACE);
    },
  };
}
