import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';
import { runServerless } from './runServerless.ts';

const { path: scratch, remove: removeScratch } = temporaryDirectory();
afterAll(removeScratch);

const defineConfig = pathToFileURL(join(projectRoot, 'lib', 'config', 'defineConfig.ts')).href;

/** `npx serverless package` of a configuration, with nothing in the environment that could help it. */
function packageWith(input: string) {
  return packageFile(
    `import { defineConfig } from '${defineConfig}';\nexport default defineConfig(${input});\n`,
  );
}

async function packageFile(text: string) {
  const file = join(scratch, 'acme.config.ts');
  writeFileSync(file, text);
  return {
    file,
    ...(await runServerless(file, ['package', '--package', join(scratch, 'package')])),
  };
}

// All fields of one configuration at once: each run of Serverless takes seconds.
describe('serverless package with a bad configuration', () => {
  it('prints one sentence for each invalid field, once, and stops', async () => {
    const { status, said } = await packageWith(`{
      bucket: 'Acme_Data',
      buckets: 'acme',
    }`);
    expect(status).toBe(1);
    for (const sentence of [
      'bucket: got "Acme_Data", expected an S3 bucket name',
      'buckets: no such field.',
    ]) {
      expect(said.split(`\n  ${sentence}`)).toHaveLength(2);
    }
    expect(said).not.toContain('    at ');
  });

  it('reports a problem of the file itself with its line', async () => {
    const { file, status, said } = await packageFile("export default {\n  bucket: 'acme',\n  region:,\n};\n");
    expect(status).toBe(1);
    expect(said).toContain(`SLUICE_CONFIG_BROKEN`);
    expect(said).toContain(`${file}:3: SyntaxError: Expression expected`);
    expect(said).not.toContain('    at ');
  });

  it.each([
    {
      code: 'SLUICE_CONFIG_STACK_TOO_LARGE',
      named: 'The template: ',
      fields: `sources: ['one', 'two'].map((name) => ({ name, bucket: 'acme-' + name, owner: '444455556666', datasets: Array.from({ length: 200 }, (_, i) => ({ name: 'd' + i, kind: 'events' })) }))`,
    },
    {
      code: 'SLUICE_CONFIG_TRIAL_BOUNDARY',
      named: 'policy/sluice-boundary',
      fields: `permissionsBoundary: 'arn:aws:iam::111122223333:policy/sluice-boundary'`,
    },
  ])('refuses with $code, and names $named', async ({ code, named, fields }) => {
    const { status, said } = await packageWith(`{ bucket: 'acme-data', ${fields} }`);
    expect(status).toBe(1);
    expect(said).toContain(code);
    expect(said).toContain(named);
    expect(said).not.toContain('    at ');
  });

  it("names each route of one's own that takes browsers' preflights from the gateway", async () => {
    const route = (key: string) => `{ Type: 'AWS::ApiGatewayV2::Route', Properties: ${key} }`;
    const yml = textOf('serverless.yml');
    const { root, remove } = scratchRoot({
      ...smallFunctions,
      'serverless.yml': `${yml}
functions:
  collect:
    events:
      - httpApi: 'POST /{proxy+}'
      - httpApi: '*'
      - httpApi: { method: '*', path: '/any' }
resources:
  Resources:
    Asked: ${route("{ ApiId: { Ref: HttpApi }, RouteKey: 'OPTIONS /asked' }")}
    Joined: ${route("{ ApiId: { Ref: HttpApi }, RouteKey: { 'Fn::Sub': 'ANY /joined' } }")}
    Named: ${route("{ ApiId: { 'Fn::GetAtt': [HttpApi, ApiId] }, RouteKey: 'ANY /named' }")}
    Other: ${route("{ ApiId: { Ref: OtherApi }, RouteKey: 'ANY /other' }")}
`,
    });
    const file = join(scratch, 'routes.config.ts');
    writeFileSync(file, "export default { bucket: 'acme-data' };\n");
    try {
      const { status, said } = await runServerless(file, ['package'], { cwd: root });
      expect(status).toBe(1);
      expect(said).toContain('SLUICE_CONFIG_ROUTE_TAKES_PREFLIGHTS');
      for (const route of [
        '$default (HttpApiRouteDefault)',
        'ANY /any (HttpApiRouteAnyAny)',
        'OPTIONS /asked (Asked)',
        'ANY /named (Named)',
        '{"Fn::Sub":"ANY /joined"} (Joined)',
      ])
        expect(said).toContain(route);
      expect(said).not.toContain('(Other)');
      expect(said).not.toContain('    at ');
    } finally {
      remove();
    }
  });
});
