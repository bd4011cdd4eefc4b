import { afterAll, expect, it } from '@jest/globals';
import { configuredTarget } from '../../../cli/aws/target.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const fields = "{ bucket: 'acme', service: 'acme', region: 'eu-west-1' }";
const file = writeConfig(directory.path, `${fields}, { stages: ['prod'] }`);
afterAll(directory.remove);

it.each([
  { what: 'the configuration', values: { stage: 'prod' }, region: 'eu-west-1' },
  { what: '--region', values: { stage: 'prod', region: 'eu-west-3' }, region: 'eu-west-3' },
  { what: 'the local cloud', values: {}, region: 'us-east-1' },
])('a deployment is in the region of $what, and has the name of its service', async ({ values, region }) => {
  const { aws, stack } = await configuredTarget({ values, positionals: [] }, { SLUICE_CONFIG: file });
  expect({ region: aws.region, service: stack.service }).toEqual({ region, service: 'acme' });
});
