import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { djb2, experimentNames } from '../../../lib/wire/experimentNames.ts';
import { holdoutTest, isAssignment } from '../../../lib/wire/isAssignment.ts';
import { isExceptionReport, keyProblem, readSdkKey, reservedEndpoint } from '../../../lib/wire/sdkRequest.ts';

describe('experimentNames', () => {
  const sha256 = (name: string) => createHash('sha256').update(name).digest('base64');
  const resolve = experimentNames(['homepage_hero', 'prix_été', '12345']);

  it('finds a name in plain form and by its djb2 and SHA-256 hashes', () => {
    expect(djb2('homepage_hero')).toBe('910458283'); // As the server SDK's initialize response has it.
    for (const name of ['homepage_hero', 'prix_été', '12345']) {
      for (const sent of [name, djb2(name), sha256(name)]) {
        expect(resolve(sent)).toEqual({ name, resolved: true });
      }
    }
  });

  it('keeps other names, and marks those that look hashed', () => {
    expect(resolve('checkout')).toEqual({ name: 'checkout', resolved: true });
    expect(resolve('4222855429')).toEqual({ name: '4222855429', resolved: false });
    expect(resolve(sha256('x'))).toEqual({ name: sha256('x'), resolved: false });
  });
});

describe('isAssignment', () => {
  it.each(['4SuTqnR1', '3ZCniK9rvnQyXDQlQ1tGD9:100.00:5', 'rule_exp_test'])(
    'treats %s as a group',
    (rule) => {
      expect(isAssignment(rule, 'Network:Recognized')).toBe(true);
      expect(isAssignment(rule, null)).toBe(true);
      expect(isAssignment(rule, 'BootstrapPartialUserMatch:Recognized')).toBe(true);
      expect(isAssignment(rule, 'Persisted')).toBe(true);
    },
  );

  it.each([
    '',
    'default',
    'disabled',
    'error',
    'prestart',
    'launchedGroup',
    'abandoned',
    'layerAssignment',
    'experimentAssignment',
    'inlineTargetingRules',
    'targetingGate',
    'override',
    'group_1:explore',
    'rule:userID:id_override',
    'rule:override',
  ])('does not treat %p as a group', (rule) => {
    expect(isAssignment(rule, 'Network:Recognized')).toBe(false);
  });

  it.each([
    'Network:Unrecognized',
    'Unrecognized',
    'NoValues',
    'Uninitialized',
    'Loading:Recognized',
    'LocalOverride:Recognized',
    'local_override',
    'Network:LocalOverride',
    'Error',
    'unsupported',
  ])('returns no assignment for an evaluation without a result: %s', (reason) => {
    expect(isAssignment('rule_1', reason)).toBe(false);
  });
});

describe('holdoutTest', () => {
  const name = 'spring_holdout';
  const sha256 = createHash('sha256').update(name).digest('base64');
  const isHeldOut = holdoutTest(['other_holdout', name]);
  const passed = (gate: unknown, gateValue: unknown = 'true') => ({ gate, gateValue, ruleID: 'r' });

  it.each([
    ['by its name', [passed(name)]],
    ['by djb2, as browsers send it', [passed(djb2(name))]],
    ['by djb2 as a number', [passed(Number(djb2(name)))]],
    ['by SHA-256', [passed(sha256)]],
    ['with the value as a boolean', [passed(name, true)]],
    ['without a rule', [{ gate: name, gateValue: 'true' }]],
    ['behind other gates and what is none', [null, 7, 'true', [], passed('a_gate'), passed(name)]],
  ])('finds a holdout that the unit is in %s', (_how, sent) => {
    expect(isHeldOut?.(sent)).toBe(true);
  });

  it.each([
    ['a holdout that the unit is not in', [passed(name, 'false'), passed(name, false)]],
    ['a value that is none', [passed(name, 'True'), passed(name, 1), passed(name, null), { gate: name }]],
    ['a targeting gate that the unit passes', [passed('a_gate'), passed(djb2('a_gate'))]],
    ['the rule of a holdout', [{ gate: 'a_gate', gateValue: 'true', ruleID: name }]],
    ['no list', passed(name)],
    ['nothing', null],
  ])('ignores %s', (_what, sent) => {
    expect(isHeldOut?.(sent)).toBe(false);
  });

  it('does not exist when no holdout is known', () => {
    expect(holdoutTest([])).toBeNull();
  });
});

describe('readSdkKey', () => {
  const query = (text: string) => new URLSearchParams(text);

  it('reads the header, else the query', () => {
    expect(readSdkKey({ 'statsig-api-key': 'secret-a' }, query('k=client-b'))).toBe('secret-a');
    expect(readSdkKey({}, query('st=js&k=client-b'))).toBe('client-b');
  });

  it.each(['', 'client-', 'console-abc', 'client-a b', 'client-é', `client-${'x'.repeat(300)}`])(
    'rejects a key of another shape: %p',
    (key) => {
      expect(readSdkKey({ 'statsig-api-key': key }, query(''))).toBeNull();
      expect(readSdkKey({}, new URLSearchParams({ k: key }))).toBeNull();
      // A bad key in the header does not hide a good one in the query.
      expect(readSdkKey({ 'statsig-api-key': key }, query('k=client-b'))).toBe('client-b');
    },
  );
});

describe('keyProblem', () => {
  const LONG = `client-${'x'.repeat(300)}`;
  it.each([
    ['', '', /^$/],
    ['console-abc', '', /^The header STATSIG-API-KEY begins with neither client- nor secret-\.$/],
    ['', 'Bearer client-a', /^The query parameter k begins with neither/],
    [' client-a', '', /^The header .* begins with neither/],
    ['client-', '', /has nothing after/],
    ['client-a b', '', /or a space/],
    [LONG, '', /longer than 256/],
  ])('of header %p and parameter %p says the form that a key has', (header, parameter, expected) => {
    const problem = keyProblem({ 'statsig-api-key': header }, new URLSearchParams({ k: parameter }));
    expect(problem).toMatch(expected);
    expect(problem).not.toMatch(/abc|xxx|a b/);
  });
});

describe('reservedEndpoint', () => {
  it.each([
    ['/v1/initialize', 'initialize'],
    ['/v1/download_config_specs', 'download_config_specs'],
    ['/v1/download_config_specs/secret-x.json', 'download_config_specs'],
    ['/v2/download_config_specs/secret-x.json', 'download_config_specs'],
    ['/v1/get_id_lists', 'get_id_lists'],
    ['/v1/get_id_lists/secret-x.json', 'get_id_lists'],
    ['/v1/download_id_list_file/3wHgh0', 'download_id_list_file'],
    ['/v1/check_gate', 'check_gate'],
    ['/v1/get_config', 'get_config'],
    ['/v1/get_layer', 'get_layer'],
    ['/v1/get_ranked_list', 'get_ranked_list'],
    ['/v1/mark_data_ready_dwh', 'mark_data_ready_dwh'],
  ])("recognizes %s as Statsig's", (path, name) => {
    expect(reservedEndpoint(path)).toBe(name);
  });

  it.each([
    '/v1/rgstr',
    '/v1/log_event',
    '/',
    '/initialize-me',
    '/v1/initialized',
    '/a/v1/initialize',
    '/v1/get_configuration',
  ])('accepts %s as a possible log path', (path) => {
    expect(reservedEndpoint(path)).toBeNull();
  });

  it('recognizes the paths of error reports', () => {
    expect(['/v1/sdk_exception', '/v1/rgstr_e', '/v1/rgstr'].map(isExceptionReport)).toEqual([
      true,
      true,
      false,
    ]);
  });
});
