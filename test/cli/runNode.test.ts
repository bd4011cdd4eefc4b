import { expect, it } from '@jest/globals';
import { isNewEnough } from '../../cli/runNode.mjs';

const PROXY = { HTTPS_PROXY: 'http://127.0.0.1:9' };

it.each<{
  readonly version: string;
  /** What it is asked for, in words. */
  readonly use: string;
  readonly env: Readonly<Record<string, string>>;
  readonly isEnough: boolean;
}>([
  { version: '23.11.0', use: 'anything', env: {}, isEnough: false },
  { version: '24.0.0', use: 'anything', env: {}, isEnough: true },
  { version: '24.13.1', use: 'a proxy', env: PROXY, isEnough: false },
  { version: '24.13.1', use: 'a bundle of certificates', env: { AWS_CA_BUNDLE: '/ca.pem' }, isEnough: false },
  {
    version: '24.13.1',
    use: 'a proxy in lower case',
    env: { https_proxy: 'http://127.0.0.1:9' },
    isEnough: false,
  },
  { version: '24.13.1', use: 'an empty variable', env: { HTTPS_PROXY: '' }, isEnough: true },
  { version: '24.14.0', use: 'a proxy', env: PROXY, isEnough: true },
  { version: '25.3.0', use: 'anything', env: {}, isEnough: true },
  { version: '25.3.0', use: 'a proxy', env: PROXY, isEnough: false },
  { version: '25.4.0', use: 'a proxy', env: PROXY, isEnough: true },
  { version: '26.1.0', use: 'a proxy', env: PROXY, isEnough: true },
])('Node $version is new enough for $use: $isEnough', ({ version, env, isEnough }) => {
  expect(isNewEnough(version, env)).toBe(isEnough);
});
