import { describe, expect, it } from '@jest/globals';
import {
  isExceptionReport,
  keyProblem,
  readSdkKey,
  readSdkRequest,
  reservedDetail,
  reservedEndpoint,
  sdkLabel,
} from '../../../lib/wire/sdkRequest.ts';

/** An SDK key of this many characters. */
const keyOf = (length: number) => 'client-'.padEnd(length, 'x');

describe('readSdkRequest', () => {
  const read = (headers: Record<string, string>, rawQueryString: string, context = {}) =>
    readSdkRequest({
      rawPath: '/v1/rgstr',
      rawQueryString,
      headers,
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST' }, ...context },
    });
  const nothing = {
    method: 'POST',
    path: '/v1/rgstr',
    key: null,
    keyProblem: '',
    markers: { contentEncoding: '', statsigEncoded: false },
    clientTimes: [null, null],
    sessionId: null,
    serverSession: null,
    sdkType: null,
    sdkVersion: null,
    requestId: null,
    gatewayTime: undefined,
  };
  const headers = {
    'statsig-api-key': 'secret-a',
    'content-encoding': 'br',
    'statsig-encoded': '1',
    'statsig-client-time': '17',
    'statsig-server-session-id': 's',
    'statsig-sdk-type': 'py-server',
    'statsig-sdk-version': '1.2.3',
  };
  const ofHeaders = {
    ...nothing,
    key: 'secret-a',
    markers: { contentEncoding: 'br', statsigEncoded: true },
    clientTimes: ['17', null],
    sessionId: 's',
    serverSession: 's',
    sdkType: 'py-server',
    sdkVersion: '1.2.3',
  };
  const query = 'k=client-b&se=1&t=18&sid=t&st=js-client&sv=3.0.0';
  const ofQuery = {
    ...nothing,
    key: 'client-b',
    markers: { contentEncoding: '', statsigEncoded: true },
    clientTimes: [null, '18'],
    sessionId: 't',
    sdkType: 'js-client',
    sdkVersion: '3.0.0',
  };
  const emptied = Object.fromEntries(Object.keys(headers).map((name) => [name, '']));

  it.each([
    { title: 'nothing', sent: {}, queryString: '', expected: nothing },
    { title: 'headers', sent: headers, queryString: '', expected: ofHeaders },
    { title: 'a query', sent: {}, queryString: query, expected: ofQuery },
    {
      title: 'both',
      sent: headers,
      queryString: query,
      expected: { ...ofHeaders, clientTimes: ['17', '18'] },
    },
    {
      title: 'a query behind headers that a proxy emptied',
      sent: emptied,
      queryString: query,
      expected: { ...ofQuery, clientTimes: ['', '18'] },
    },
    {
      title: 'marks that are not 1',
      sent: { 'statsig-encoded': '0' },
      queryString: 'se=0',
      expected: nothing,
    },
  ])('reads $title', ({ sent, queryString, expected }) => {
    expect(read(sent, queryString)).toEqual(expected);
  });

  it('says what is wrong with a key only if there is no other', () => {
    const bad = { 'statsig-api-key': 'console-a' };
    expect(read(bad, '').keyProblem).toMatch(/begins with neither/);
    expect(read(bad, 'k=client-b')).toMatchObject({ key: 'client-b', keyProblem: '' });
  });

  it.each([
    { requestId: 'JKJaXmPLvHcESHA=', isTaken: true },
    { requestId: '0a1b2c3d-0000-4000-8000-0123456789ab', isTaken: true },
    { requestId: 'x'.repeat(64), isTaken: true },
    { requestId: 'x'.repeat(65), isTaken: false },
    { requestId: '', isTaken: false },
    { requestId: 'a b', isTaken: false },
    { requestId: ' a', isTaken: false },
    { requestId: 'a\n', isTaken: false },
  ])("takes $requestId for the gateway's ID of a request: $isTaken", ({ requestId, isTaken }) => {
    expect(read({}, '', { requestId, timeEpoch: 5 })).toMatchObject({
      requestId: isTaken ? requestId : null,
      gatewayTime: 5,
    });
  });
});

describe('sdkLabel', () => {
  it.each([
    { type: null, version: null, expected: 'unknown' },
    { type: null, version: '1.2.3', expected: 'unknown 1.2.3' },
    { type: 'Ann Example', version: '1.2.3-rc', expected: 'other 1.2.3-rc' },
    { type: 'py-server', version: 'v123.1234.12345-beta.123', expected: 'py-server 123.1234.12345-beta.123' },
    { type: 'js-client', version: '3.0.0-alpha.1', expected: 'js-client 3.0.0-alpha.1' },
    { type: 'go-sdk', version: '1.2', expected: 'go-sdk' },
    { type: 'go-sdk', version: 'x1.2.3', expected: 'go-sdk' },
    { type: 'go-sdk', version: '1.2.3 of Ann', expected: 'go-sdk' },
    { type: 'go-sdk', version: '1.2.3-ann', expected: 'go-sdk' },
  ])('of $type and $version is $expected', ({ type, version, expected }) => {
    expect(sdkLabel(type, version)).toBe(expected);
  });
});

describe('readSdkKey', () => {
  const query = (text: string) => new URLSearchParams(text);

  it('takes the longest key, of the header before that of the query', () => {
    expect(readSdkKey({ 'statsig-api-key': keyOf(256) }, query('k=client-b'))).toBe(keyOf(256));
  });

  it.each(['', 'client-', 'console-abc', ' client-a', 'client-a b', 'client-é', keyOf(257)])(
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
  it.each([
    { header: '', parameter: '', expected: /^$/ },
    {
      header: 'console-abc',
      parameter: '',
      expected: /^The header STATSIG-API-KEY begins with neither client- nor secret-\.$/,
    },
    { header: '', parameter: 'Bearer client-a', expected: /^The query parameter k begins with neither/ },
    { header: 'client-', parameter: '', expected: /has nothing after/ },
    { header: 'client-a b', parameter: '', expected: /or a space/ },
    { header: keyOf(257), parameter: '', expected: /longer than 256/ },
  ])(
    'of header $header and parameter $parameter says the form that a key has',
    ({ header, parameter, expected }) => {
      const problem = keyProblem({ 'statsig-api-key': header }, new URLSearchParams({ k: parameter }));
      expect(problem).toMatch(expected);
      expect(problem).not.toMatch(/abc|xxx|a b/);
    },
  );
});

describe('reservedEndpoint', () => {
  it.each([
    { path: '/v1/initialize', name: 'initialize' },
    { path: '/v1/download_config_specs', name: 'download_config_specs' },
    { path: '/v1/download_config_specs/secret-x.json', name: 'download_config_specs' },
    { path: '/v2/download_config_specs/secret-x.json', name: 'download_config_specs' },
    { path: '/v1/get_id_lists', name: 'get_id_lists' },
    { path: '/v1/get_id_lists/secret-x.json', name: 'get_id_lists' },
    { path: '/v1/download_id_list_file/3wHgh0', name: 'download_id_list_file' },
    { path: '/v1/check_gate', name: 'check_gate' },
    { path: '/v1/get_config', name: 'get_config' },
    { path: '/v1/get_layer', name: 'get_layer' },
    { path: '/v1/get_ranked_list', name: 'get_ranked_list' },
    { path: '/v1/mark_data_ready_dwh', name: 'mark_data_ready_dwh' },
  ])("recognizes $path as Statsig's", ({ path, name }) => {
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

  it('has a detail that says how the route of sources is called, of the others only whose they are', () => {
    expect(reservedDetail('mark_data_ready_dwh')).toContain('POST');
    expect(reservedDetail('initialize')).toBe("initialize is Statsig's.");
  });

  it('recognizes the paths of error reports', () => {
    expect(['/v1/sdk_exception', '/v1/rgstr_e', '/v1/rgstr'].map(isExceptionReport)).toEqual([
      true,
      true,
      false,
    ]);
  });
});
