import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { gateOf } from '../../../observe/live/gate.ts';

const deployment = { config: defineConfig({ bucket: 'acme' }), localControl: undefined };

it.each([
  {
    what: 'with its cause and cure',
    code: 'SLUICE_KEY_MISSING',
    text: expect.stringMatching(/^Refused with SLUICE_KEY_MISSING: \S.+\. \S.+\.$/),
  },
  {
    what: 'alone, if a later version has written it',
    code: 'SLUICE_OF_A_LATER_VERSION',
    text: 'Refused with SLUICE_OF_A_LATER_VERSION.',
  },
])('the gate of a refused request has its code $what', ({ code, text }) => {
  expect(gateOf({ code }, deployment)).toEqual({ gate: 'refused', code, text });
});
