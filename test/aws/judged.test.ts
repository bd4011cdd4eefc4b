import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { applyPlatform } from '../../infra/template/platform.ts';
import { projectRoot } from '../../local/roots.ts';
import { textOf } from '../harness/textOf.ts';
import { madeResources } from '../infra/madeResources.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { POLICY_SUITES } from './policySuites.ts';

const templates = Object.entries(templateConfigurations).map(([name, input]) => {
  const { config, template: made } = madeResources(input);
  const resources = {
    ...made.Resources,
    // Serverless makes the API, of which this one stands for all.
    HttpApi: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} },
  };
  applyPlatform(resources, config);
  return { name, resources };
});

describe('what is given to judges of templates', () => {
  it.each(templates)(
    'keeps when it is replaced what is kept when it is deleted, as cfn-lint asks: $name',
    ({ resources }) => {
      const kept = (resource: object) =>
        ['DeletionPolicy', 'UpdateReplacePolicy'].map((policy) => policy in resource);
      for (const [id, resource] of Object.entries(resources)) {
        const [ifDeleted, ifReplaced] = kept(resource);
        expect({ id, ifReplaced }).toEqual({ id, ifReplaced: ifDeleted });
      }
      expect(kept(resources.HttpApi)).toEqual([true, true]);
    },
  );
});

it('the suites whose verdicts are compared are there', () => {
  const suites = readdirSync(join(projectRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith('.test.ts'));
  for (const pattern of POLICY_SUITES)
    expect({ pattern, namesSuite: suites.some((file) => new RegExp(pattern).test(file)) }).toEqual({
      pattern,
      namesSuite: true,
    });
});

describe('judges that are not ours', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(textOf('package.json'));
  const nightly = textOf('.github', 'workflows', 'nightly.yml');
  const judges =
    /suite: \[(.+)\]/
      .exec(nightly)?.[1]
      ?.split(', ')
      .map((name) => `test:${name}`) ?? [];

  it('are asked each night, and a release needs them', () => {
    expect(judges).toContain('test:aws');
    for (const name of judges) expect(scripts).toHaveProperty([name]);
    expect(nightly).toMatch(/^ {4}- cron:/m);
    expect(nightly).toContain('npm run "test:$SUITE" -- --require');
    expect(textOf('.github', 'workflows', 'release.yml')).toMatch(
      /^ {4}uses: \.\/\.github\/workflows\/nightly\.yml$/m,
    );
  });

  it('are all that `npm run test:all` asks, and start from files that there are', () => {
    const asked = (scripts['test:all'] ?? '').split(' && ').map((command) => command.replace('npm run ', ''));
    for (const command of asked)
      expect({
        command,
        isRun: judges.includes(command) || nightly.includes(command) || /^(?:check|npm test)$/.test(command),
      }).toEqual({ command, isRun: true });
    for (const [name, command] of Object.entries(scripts))
      if (name.startsWith('test:'))
        for (const [file] of command.matchAll(/test\/[\w/]+\.ts/g))
          expect({ name, file, exists: existsSync(join(projectRoot, file)) }).toEqual({
            name,
            file,
            exists: true,
          });
  });
});
