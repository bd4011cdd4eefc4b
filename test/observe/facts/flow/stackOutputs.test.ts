import { expect, it } from '@jest/globals';
import { CONFIGURATION_OUTPUT } from '../../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../../lib/base/version.ts';
import {
  gatewayId,
  isOtherRelease,
  outputsOf,
  requireOutput,
  stackStateOf,
} from '../../../../observe/facts/flow/stackOutputs.ts';

it('this release has deployed a stack with its version and a configuration', () => {
  const outputs = { SluiceVersion: VERSION, [CONFIGURATION_OUTPUT]: '{}' };
  expect(isOtherRelease(new Map(Object.entries(outputs)))).toBe(false);
});

it.each([
  { what: 'has another version', outputs: { SluiceVersion: '0.0.1', [CONFIGURATION_OUTPUT]: '{}' } },
  { what: 'states no configuration', outputs: { SluiceVersion: VERSION } },
])('another release has deployed a stack that $what', ({ outputs }) => {
  expect(isOtherRelease(new Map(Object.entries(outputs)))).toBe(true);
});

const GATEWAY = 'https://api2.execute-api.eu-west-1.amazonaws.com';
const FUNCTION_URL = 'https://url1.lambda-url.eu-west-1.on.aws';

it.each([
  { what: 'by the address of the collector', outputs: { CollectorUrl: `${GATEWAY}/x` }, id: 'api2' },
  {
    what: 'by its own address, if the collector has another one',
    outputs: { CollectorUrl: FUNCTION_URL, GatewayUrl: GATEWAY },
    id: 'api2',
  },
  { what: 'empty of what is no address', outputs: { CollectorUrl: 'no address' }, id: '' },
  { what: 'empty without an address', outputs: {}, id: '' },
])('the ID of the gateway is known $what', ({ outputs, id }) => {
  expect(gatewayId(new Map(Object.entries<string>(outputs)))).toBe(id);
});

it('the outputs of a stack are there by their keys, and none of a stack that is not there', () => {
  const outputs = outputsOf({ Outputs: [{ OutputKey: 'a', OutputValue: '1', Description: 'x' }] });
  expect([...outputs]).toEqual([['a', '1']]);
  expect([...outputsOf(undefined)]).toEqual([]);
});

it.each([
  {
    what: 'was updated',
    stack: { StackStatus: 'S', StackStatusReason: 'r', LastUpdatedTime: new Date(1_000) },
    state: { status: 'S', reason: 'r', since: '1970-01-01T00:00:01.000Z' },
  },
  {
    what: 'was never updated',
    stack: { StackStatus: 'S' },
    state: { status: 'S', reason: null, since: null },
  },
  { what: 'is not described', stack: {}, state: { status: '', reason: null, since: null } },
])('the state of a stack that $what is as CloudFormation tells it', ({ stack, state }) => {
  expect(stackStateOf(stack)).toEqual(state);
});

it('an output that a stack has to have is named if the stack lacks it', () => {
  expect(requireOutput(new Map([['WriteQueueUrl', 'u']]), 'WriteQueueUrl')).toBe('u');
  expect(() => requireOutput(new Map(), 'WriteQueueUrl')).toThrow(
    expect.objectContaining({ code: 'SLUICE_OBSERVE_OUTPUT_MISSING', detail: 'WriteQueueUrl.' }),
  );
});
