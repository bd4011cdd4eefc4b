import { expect, it } from '@jest/globals';
import { CONFIGURATION_OUTPUT } from '../../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../../lib/base/version.ts';
import {
  gatewayId,
  isOtherRelease,
  outputsOf,
  stackStateOf,
} from '../../../../observe/facts/flow/stackOutputs.ts';

it.each([
  {
    what: 'another release',
    outputs: { SluiceVersion: '0.0.1', [CONFIGURATION_OUTPUT]: '{}' },
    isOther: true,
  },
  {
    what: 'a release that did not note its configuration',
    outputs: { SluiceVersion: VERSION },
    isOther: true,
  },
  { what: 'this release', outputs: { SluiceVersion: VERSION, [CONFIGURATION_OUTPUT]: '{}' }, isOther: false },
])('a stack of $what is of another: $isOther', ({ outputs, isOther }) => {
  expect(isOtherRelease(new Map(Object.entries(outputs)))).toBe(isOther);
});

it.each([
  { outputs: { CollectorUrl: 'https://api2.execute-api.eu-west-1.amazonaws.com/x' }, id: 'api2' },
  { outputs: { CollectorUrl: 'no address' }, id: '' },
  { outputs: {}, id: '' },
])('the gateway of a stack with $outputs is $id', ({ outputs, id }) => {
  expect(gatewayId(new Map(Object.entries(outputs)))).toBe(id);
});

it('a stack has outputs by their keys, and the state that CloudFormation tells', () => {
  const outputs = outputsOf({ Outputs: [{ OutputKey: 'a', OutputValue: '1', Description: 'x' }] });
  expect([...outputs]).toEqual([['a', '1']]);
  expect([...outputsOf(undefined)]).toEqual([]);
  const updated = new Date(1_000);
  expect(stackStateOf({ StackStatus: 'S', StackStatusReason: 'r', LastUpdatedTime: updated })).toEqual({
    status: 'S',
    reason: 'r',
    since: '1970-01-01T00:00:01.000Z',
  });
  expect(stackStateOf({})).toEqual({ status: '', reason: null, since: null });
});
