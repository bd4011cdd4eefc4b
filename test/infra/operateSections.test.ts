import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { operateSections } from '../../infra/alarms/sections.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { alarmsOf, finding, findingCatalogue } from '../../observe/findings/catalogue.ts';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const page = readFileSync(join(repositoryRoot, 'docs', 'operate.md'), 'utf8');
const headings = page.split('\n').flatMap((line) => /^## (.+)$/.exec(line)?.[1] ?? []);

describe('docs/operate.md', () => {
  it.each(Object.entries(templateConfigurations))(
    'has the section that each alarm names: %s',
    (_, config) => {
      const { Resources } = madeResources(config).made;
      const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
      expect(alarms.length).toBeGreaterThan(15);
      for (const { Properties } of alarms) {
        const [, section = ''] =
          /: see docs\/operate\.md, "(.+)"$/.exec(String(Properties['AlarmDescription'])) ?? [];
        expect([Properties['AlarmName'], headings]).toEqual([
          Properties['AlarmName'],
          expect.arrayContaining([section]),
        ]);
      }
    },
  );

  it('alarms that ring for no finding are known, and findings name alarms that exist', () => {
    const names = Object.values(templateConfigurations).flatMap((config) =>
      Object.values(madeResources(config).made.Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::CloudWatch::Alarm' ? [String(Properties['AlarmName'])] : [],
      ),
    );
    const made = new Set(names.map((name) => name.replace(/^acme-prod-|-(daily|hourly)$/g, '')));
    const sections = new Set(
      (Object.keys(findingCatalogue) as (keyof typeof findingCatalogue)[]).flatMap(alarmsOf),
    );
    expect([...sections].filter((name) => !made.has(name))).toEqual([]);
    // Those of a queue and of a function are told with its dead letters and its errors.
    expect(
      [...made].filter((name) => !sections.has(name) && !/-(dead-letters|errors)$/.test(name)).sort(),
    ).toEqual(['groups', 'relay-not-kept']);
    // By its name, or as one of several: `sluice-prod-export-…`.
    const shown = Array.from(page.matchAll(/`(?:sluice-prod)?-?([a-z\d…-]+)`/g), ([, name = '']) =>
      RegExp(`^${name.replace('…', '.+')}$`),
    );
    expect([...made].filter((name) => !shown.some((one) => one.test(name)))).toEqual([]);
  });

  it('has every section that an alarm or a finding names', () => {
    expect(headings).toEqual(expect.arrayContaining(Object.values(operateSections)));
    const named = (Object.keys(findingCatalogue) as (keyof typeof findingCatalogue)[]).flatMap(
      (code) => finding(code, '').section ?? [],
    );
    expect(headings).toEqual(expect.arrayContaining(named));
    const ofStatus = (Object.keys(findingCatalogue) as (keyof typeof findingCatalogue)[]).filter(
      (code) => finding(code, '').part !== null,
    );
    const without = ['NO_TOPIC', 'FAULTS', 'UNREADABLE', 'ALARM'].map((name) => `SLUICE_FINDING_${name}`);
    const said = [...page.matchAll(/SLUICE_FINDING_\w+/g)].map(([code]) => code);
    expect(ofStatus.filter((code) => !without.includes(code) && !said.includes(code))).toEqual([]);
    expect(said.filter((code) => !Object.hasOwn(findingCatalogue, code))).toEqual([]);
  });
});
