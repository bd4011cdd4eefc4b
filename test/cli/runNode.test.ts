import { expect, it } from '@jest/globals';
import { isNewEnough } from '../../cli/runNode.mjs';

it.each([
  { version: '24.0.0', env: {}, isEnough: true },
  { version: '24.13.1', env: { HTTPS_PROXY: 'http://127.0.0.1:9' }, isEnough: false },
  { version: '24.13.1', env: { AWS_CA_BUNDLE: '/ca.pem' }, isEnough: false },
  { version: '24.14.0', env: { https_proxy: 'http://127.0.0.1:9' }, isEnough: true },
  { version: '22.21.0', env: {}, isEnough: false },
  { version: '25.3.0', env: {}, isEnough: true },
  { version: '25.3.0', env: { HTTPS_PROXY: 'http://127.0.0.1:9' }, isEnough: false },
  { version: '25.4.0', env: { HTTPS_PROXY: 'http://127.0.0.1:9' }, isEnough: true },
  { version: '26.1.0', env: { HTTPS_PROXY: 'http://127.0.0.1:9' }, isEnough: true },
])('Node $version is new enough for $env: $isEnough', ({ version, env, isEnough }) => {
  expect(isNewEnough(version, env)).toBe(isEnough);
});
