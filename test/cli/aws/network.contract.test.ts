import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { awsConnection, useNetwork } from '../../../cli/aws/network.ts';
import { namedTarget } from '../../../cli/aws/target.ts';
import { fetchBinding, LAMBDA_BINDINGS } from '../../../infra/build/duckDbBinding.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { projectRoot } from '../../../local/roots.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { callMain } from '../../harness/callMain.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';
import { listen } from '../../harness/listen.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';

/** A certificate of the servers below, and its key. */
const PEM = join(projectRoot, 'test', 'fixtures', 'everyHost.pem');
const PASSWORD = 'pa55word';
const BASIC = Buffer.from(`me:${PASSWORD}`).toString('base64');

const directory = temporaryDirectory();
/** `HOST:PORT` of each tunnel that was asked for. */
let asked: string[] = [];
let authorization: string | undefined;

/** How services of the query protocol answer. */
const XML =
  '<ErrorResponse><Error><Code>AccessDenied</Code><Message>by the stand-in</Message></Error></ErrorResponse>';
const pem = readFileSync(PEM, 'utf8');
/** Stands for all of AWS and for Statsig. */
const everyHost = createTlsServer({ key: pem, cert: pem }, ({ headers, url }, response) => {
  if (/^api\.statsigcdn/.test(headers.host ?? ''))
    response.end(JSON.stringify(experimentSpecs('running', 0)));
  else if (url?.startsWith('/federation/credentials') === true)
    response.end(
      JSON.stringify({
        roleCredentials: { accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't', expiration: 2e12 },
      }),
    );
  else
    response
      .writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' })
      .end(
        headers['content-type'] === 'application/x-www-form-urlencoded'
          ? XML
          : '{"message":"by the stand-in"}',
      );
});
const proxy = createServer().on('connect', (request, socket) => {
  asked.push(request.url ?? '');
  authorization = request.headers['proxy-authorization'];
  if (request.url?.startsWith('refused.') === true) {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    return;
  }
  const tunnel = connect(Number(port), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    tunnel.pipe(socket).pipe(tunnel);
  });
  for (const end of [tunnel, socket]) end.on('error', () => end.destroy());
});

/** The port that the stand-in listens at. */
const { port } = new URL(await listen(everyHost));
/** `HOST:PORT` of the proxy. */
const { host: proxyHost } = new URL(await listen(proxy));
const behindProxy = { HTTPS_PROXY: `http://me:${PASSWORD}@${proxyHost}`, AWS_CA_BUNDLE: PEM };

const home = join(directory.path, 'home');
mkdirSync(join(home, '.aws', 'sso', 'cache'), { recursive: true });
writeFileSync(
  join(home, '.aws', 'config'),
  `[profile company]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = operator
[bare]
region = eu-west-1
`,
);
// The name of a token's file is the SHA-1 of the start URL.
writeFileSync(
  join(home, '.aws', 'sso', 'cache', '40169cea58ca6cbf23fb27b2542923fb5f524af0.json'),
  JSON.stringify({
    startUrl: 'https://acme.awsapps.com/start',
    accessToken: 'x',
    expiresAt: '2099-01-01T00:00:00Z',
  }),
);
const SLUICE_CONFIG = writeConfig(directory.path, { bucket: 'acme-experiments', region: 'eu-west-1' });

afterAll(() => {
  everyHost.close();
  proxy.close();
  directory.remove();
});
beforeEach(() => {
  asked = [];
  authorization = undefined;
});

const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };

/** Runs `sluice` as a process of its own: what it does to `fetch` and to certificates is the process's. */
function sluice(words: string, env: Readonly<Record<string, string>>): Promise<string> {
  const others = Object.entries(process.env).filter(([name]) => !/^AWS_|_proxy$|^NODE_EXTRA/i.test(name));
  const given = { ...Object.fromEntries(others), SLUICE_CONFIG, HOME: home, AWS_MAX_ATTEMPTS: '1', ...env };
  const args = [join(projectRoot, 'cli', 'sluice.mjs'), ...words.split(' ')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: given }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** Runs `sluice` in this process, which takes no proxy and no certificates from these variables: they are not set, or wrong. */
async function sluiceHere(words: string, env: Readonly<Record<string, string>>): Promise<string> {
  const given = { SLUICE_CONFIG, HOME: home, https_proxy: '', ...env };
  const { stdout, stderr } = await callMain(words.split(' '), { env: given });
  return stdout + stderr;
}

const aws = (...services: readonly string[]) =>
  services.map((service) => `${service}.eu-west-1.amazonaws.com:443`);

/** Asks STS, by a client of this process, who signs. */
async function askWho(env: Readonly<Record<string, string>>, endpoint: string): Promise<unknown> {
  const { aws: options } = namedTarget({ values: { stage: 'dev' } }, env);
  const client = new STSClient({ ...options, endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  return client.send(new GetCallerIdentityCommand({})).finally(() => client.destroy());
}

/** Begins a connection to AWS, and does not wait for it. @returns `HOST:PORT` of the tunnel that it asks for; `no tunnel` if it asks for none. */
function wayTo(endpoint: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { httpsAgent: agent } = awsConnection(env).requestHandler;
  const call = request(endpoint, agent === undefined ? {} : { agent });
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = () => {
    resolve(asked.join() || 'no tunnel');
    call.destroy();
  };
  // By the proxy there is a socket once the tunnel is open.
  call.once('socket', end);
  call.on('error', end);
  return promise;
}

describe('behind a proxy', () => {
  it.each([
    { words: 'keys list --stage dev', hosts: aws('secretsmanager') },
    { words: 'erase --unit user_id=ada --yes --stage dev', hosts: aws('sts', 'acme-experiments.s3') },
    { words: 'trial --remove 0123abcd --region eu-west-1', hosts: aws('sts') },
  ])('$words reaches AWS by it, and trusts the bundle', async ({ words, hosts }) => {
    const said = await sluice(words, { ...KEYS, ...behindProxy });
    expect(said).not.toContain('UNREACHABLE');
    expect(asked).toEqual(expect.arrayContaining(hosts));
    expect(authorization).toBe(`Basic ${BASIC}`);
  });

  it('signs in by a profile of SSO', async () => {
    const said = await sluice('keys list --stage dev', { ...behindProxy, AWS_PROFILE: 'company' });
    expect(said).toContain('by the stand-in');
    expect(asked).toEqual(aws('portal.sso', 'secretsmanager'));
  });

  it('downloads specs of Statsig', async () => {
    await sluice('groups pull --stage dev', { ...KEYS, ...behindProxy, STATSIG_SERVER_KEY: 'secret-a1' });
    expect(asked).toEqual(['api.statsigcdn.com:443', ...aws('sts', 'acme-experiments.s3')]);
  });

  it.each([
    // As the AWS CLI reads it.
    { what: 'a host and port alone', env: { https_proxy: proxyHost } },
    { what: 'another letter case', env: { HTTPS_PROXY: `HTTP://${proxyHost}` } },
    { what: 'an empty variable beside it', env: { ...behindProxy, https_proxy: '' } },
  ])('takes $what', async ({ env }) => {
    // The tunnel was there: this process does not trust the certificate behind it.
    await expect(askWho(env, 'https://sts.eu-west-1.amazonaws.com')).rejects.toThrow(/certificate/);
    expect(asked).toEqual(aws('sts'));
  });

  it.each([
    { noProxy: '', endpoint: 'https://nowhere.invalid', tunnel: 'nowhere.invalid:443' },
    { noProxy: 'nowhere.invalid', endpoint: 'https://elsewhere.invalid', tunnel: 'elsewhere.invalid:443' },
    // No end of a name, and no dot alone.
    { noProxy: 'where.invalid', endpoint: 'https://nowhere.invalid', tunnel: 'nowhere.invalid:443' },
    { noProxy: '.', endpoint: 'https://nowhere.invalid', tunnel: 'nowhere.invalid:443' },
    // Ports.
    { noProxy: 'invalid:8443', endpoint: 'https://nowhere.invalid', tunnel: 'nowhere.invalid:443' },
    { noProxy: '*:8443', endpoint: 'https://nowhere.invalid', tunnel: 'nowhere.invalid:443' },
    // Addresses and blocks.
    { noProxy: '192.0.2.0/24', endpoint: 'https://192.0.3.1', tunnel: '192.0.3.1:443' },
    // The end of an address is no domain of it.
    { noProxy: '1,2.1', endpoint: 'https://192.0.2.1', tunnel: '192.0.2.1:443' },
    {
      noProxy: '0.0.0.0/33,192.0.2.1/33,192.0.2.1/,192.0.2.1/a',
      endpoint: 'https://192.0.2.1',
      tunnel: '192.0.2.1:443',
    },
    { noProxy: '[2001:db8::1]:8443', endpoint: 'https://[2001:db8::1]', tunnel: '[2001:db8::1]:443' },
    { noProxy: '2001:db8::/33', endpoint: 'https://[2001:db8:ffff::1]', tunnel: '[2001:db8:ffff::1]:443' },
    {
      noProxy: '2001:db8::1/129,192.0.2.0/24,1',
      endpoint: 'https://[2001:db8::1]',
      tunnel: '[2001:db8::1]:443',
    },
  ])('with NO_PROXY=$noProxy connects to $endpoint by a tunnel to $tunnel', async (row) => {
    expect(await wayTo(row.endpoint, { ...behindProxy, NO_PROXY: row.noProxy })).toBe(row.tunnel);
  });

  it.each([
    { noProxy: 'nowhere.invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'NOWHERE.Invalid', endpoint: 'https://nowhere.INVALID' },
    // A name stands for its subdomains, with dots around it or not.
    { noProxy: 'invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: '.invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: '*.invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: '.nowhere.invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'nowhere.invalid.', endpoint: 'https://nowhere.invalid' },
    { noProxy: '.invalid.', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'invalid', endpoint: 'https://nowhere.invalid.' },
    // Lists.
    { noProxy: 'example.com,invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: ' example.com ,, invalid ', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'example.com invalid', endpoint: 'https://nowhere.invalid' },
    { noProxy: '*', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'example.com, *', endpoint: 'https://nowhere.invalid' },
    // Ports.
    { noProxy: '.invalid:443', endpoint: 'https://nowhere.invalid' },
    { noProxy: 'invalid:8443', endpoint: 'https://nowhere.invalid:8443' },
    { noProxy: 'invalid', endpoint: 'https://nowhere.invalid:8443' },
    { noProxy: '*:443', endpoint: 'https://nowhere.invalid' },
    // Addresses and blocks.
    { noProxy: '127.9.0.0/16', endpoint: 'https://127.9.255.1:9' },
    { noProxy: '2001:db8::1', endpoint: 'https://[2001:db8::1]' },
    { noProxy: '2001:DB8:0:0::1', endpoint: 'https://[2001:db8::1]' },
    { noProxy: '[2001:db8::1]:443', endpoint: 'https://[2001:db8::1]' },
    { noProxy: '2001:db8::/32', endpoint: 'https://[2001:db8:ffff::1]' },
    // The local cloud.
    { noProxy: '', endpoint: 'https://127.0.0.1:9' },
    { noProxy: '', endpoint: 'https://127.8.0.1:9' },
    { noProxy: '', endpoint: 'https://[::1]:9' },
    { noProxy: '', endpoint: 'https://localhost:9' },
  ])('with NO_PROXY=$noProxy connects to $endpoint without a tunnel', async ({ noProxy, endpoint }) => {
    expect(await wayTo(endpoint, { ...behindProxy, NO_PROXY: noProxy })).toBe('no tunnel');
  });

  // As in curl: https://curl.se/docs/manpage.html#ENVIRONMENT
  it.each([
    { what: 'alone', env: { no_proxy: 'a.invalid' }, way: 'no tunnel' },
    { what: 'and not NO_PROXY', env: { no_proxy: 'b.invalid', NO_PROXY: 'a.invalid' }, way: 'a.invalid:443' },
    { what: 'unless it is empty', env: { no_proxy: '', NO_PROXY: 'a.invalid' }, way: 'no tunnel' },
  ])('takes no_proxy in lower case, $what', async ({ env, way }) => {
    expect(await wayTo('https://a.invalid', { ...behindProxy, ...env })).toBe(way);
  });

  it('asks a host of NO_PROXY for specs without the proxy', async () => {
    const env = { ...KEYS, ...behindProxy, STATSIG_SERVER_KEY: 'secret-a1' };
    const download = 'groups pull --stage dev --specs-url https://nowhere.invalid/specs';
    const said = await sluice(download, { ...env, NO_PROXY: '.Invalid.' });
    expect(said).toContain('No response');
    expect(asked).toEqual([]);
  });

  it.each([
    { why: 'the proxy refuses', env: { ...behindProxy }, endpoint: 'https://refused.invalid' },
    {
      why: 'it is of another protocol',
      env: { HTTPS_PROXY: `socks5://me:${PASSWORD}@127.0.0.1:9` },
      endpoint: 'https://nowhere.invalid',
    },
    {
      why: 'the certificate is not trusted',
      env: { HTTPS_PROXY: behindProxy.HTTPS_PROXY },
      endpoint: 'https://x.eu-west-1.amazonaws.com',
    },
  ])('names the variable, and not the password in it, if $why', async ({ env, endpoint }) => {
    const said = await sluice(`keys list --stage dev --endpoint-url ${endpoint}`, { ...KEYS, ...env });
    expect(said).toMatch(/^SLUICE_AWS_UNREACHABLE: .*HTTPS_PROXY/);
    expect(said).not.toContain(PASSWORD);
  });

  it('asks for what packaging needs', async () => {
    const name = LAMBDA_BINDINGS.arm64;
    const packages = { '': {}, [`node_modules/${name}`]: { version: '1.0.0', integrity: 'sha512-x' } };
    writeFileSync(join(directory.path, 'package-lock.json'), JSON.stringify({ packages }));
    writeFileSync(join(directory.path, '.npmrc'), 'registry=https://refused.invalid/');
    const env = { PATH: process.env['PATH'], HOME: home, HTTPS_PROXY: behindProxy.HTTPS_PROXY };
    await expect(fetchBinding({ root: directory.path }, 'arm64', env)).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_MISSING',
    });
    expect(asked).toContain('refused.invalid:443');
  });

  it('connects by it also for a large body, for which S3 has an agent of its own', async () => {
    const { aws: options, ...about } = namedTarget(
      { values: { stage: 'dev', region: 'eu-west-1' } },
      behindProxy,
    );
    const config = defineConfig({ bucket: 'acme-experiments' });
    const deployment = openDeployment(
      { ...about, config, now: 0 },
      { ...options, region: 'eu-west-1', credentials },
    );
    // From 2 MiB on, S3's client waits for `100 Continue`, with another agent than for its other calls.
    const body = { Bucket: 'acme-experiments', Key: 'k', Body: new Uint8Array(3 * 1024 * 1024) };
    const sent = deployment.s3.send(new PutObjectCommand(body)).finally(() => deployment.close());
    await expect(sent).rejects.toThrow(/certificate/);
    expect(asked).toContain('acme-experiments.s3.eu-west-1.amazonaws.com:443');
  });
});

describe('without a proxy', () => {
  it('says how the header of a profile is written', async () => {
    const said = await sluiceHere('keys list --stage dev', {
      AWS_PROFILE: 'bare',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    expect(said).toContain('In the former, [bare] is no profile: write [profile bare].');
  });

  it('says that no proxy is set', async () => {
    const said = await sluice('keys list --stage dev --endpoint-url http://nowhere.invalid', KEYS);
    expect(said).toMatch(/^SLUICE_AWS_UNREACHABLE: .*Variables for a proxy: none/);
  });
});

describe('a variable of the network that is wrong', () => {
  it.each([
    { variable: 'HTTPS_PROXY', value: 'socks5://127.0.0.1:9' },
    // A file that is no certificate.
    { variable: 'AWS_CA_BUNDLE', value: SLUICE_CONFIG },
  ])('stops a command for a wrong $variable', async ({ variable, value }) => {
    const said = await sluiceHere('keys list --stage dev', { ...KEYS, [variable]: value });
    expect(said).toMatch(new RegExp(`^SLUICE_AWS_UNREACHABLE: .*${variable}: expected `));
  });

  it('stops only a command that connects beyond this machine', async () => {
    const env = { ...KEYS, HTTPS_PROXY: 'socks5://127.0.0.1:9', STATSIG_SERVER_KEY: 'secret-a1' };
    // No `keys list --local`: somebody's own local cloud may run beside the test.
    const here = 'keys list --stage dev --endpoint-url http://127.0.0.1:9';
    const apart = ['explain SLUICE_AWS_NO_REGION', 'policy print --for deploy --stage dev', here];
    const said: string[] = [];
    for (const words of apart) said.push(await sluiceHere(words, env));
    const [explained, printed, listed] = said;
    expect(explained).toContain('SLUICE_AWS_NO_REGION');
    expect(printed).toContain('"Statement"');
    expect(listed).toContain('ECONNREFUSED');
    expect(await sluiceHere('groups pull --local', env)).toMatch(
      /^SLUICE_AWS_UNREACHABLE: .*HTTPS_PROXY: expected /m,
    );
  });
});

describe('processes that a command starts', () => {
  const before = getCACertificates('default');
  afterAll(() => setDefaultCACertificates(before));

  it.each([
    { what: 'the bundle where NODE_EXTRA_CA_CERTS is not set', given: undefined, trusted: PEM },
    { what: 'the bundle where it is empty', given: '', trusted: PEM },
    { what: 'what it names', given: '/own.pem', trusted: '/own.pem' },
  ])('trust $what', ({ given, trusted }) => {
    const env = { AWS_CA_BUNDLE: PEM, NODE_EXTRA_CA_CERTS: given };
    useNetwork(env);
    expect(env.NODE_EXTRA_CA_CERTS).toBe(trusted);
  });
});
