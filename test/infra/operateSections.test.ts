import { describe, expect, it } from '@jest/globals';
import { operateSections } from '../../infra/alarms/sections.ts';
import { alarmsOf, explainFinding, findingCatalogue } from '../../observe/findings/catalogue.ts';
import { textOf } from '../harness/textOf.ts';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const page = textOf('docs', 'operate.md');
const metrics = textOf('docs', 'metrics.md');
const codes = Object.keys(findingCatalogue) as readonly (keyof typeof findingCatalogue)[];
/** Findings of `sluice status` that the page does not name: each says by itself what to do. */
const NOT_ON_PAGE = ['NO_TOPIC', 'FAULTS', 'UNREADABLE', 'ALARM'].map((name) => `SLUICE_FINDING_${name}`);
const headings = page.split('\n').flatMap((line) => /^## (.+)$/.exec(line)?.[1] ?? []);

/** Names of all alarms, without the stack and the schedule. */
const deployed = new Set(
  Object.values(templateConfigurations).flatMap((config) =>
    Object.values(madeResources(config).template.Resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm'
        ? [String(Properties['AlarmName']).replace(/^acme-prod-|-(daily|hourly)$/g, '')]
        : [],
    ),
  ),
);

it('docs/metrics.md has one place for each alarm in the order of urgency, and for no other', () => {
  const [, table = ''] = /^\| how soon .*?\n((?:\|.*\n)+)/m.exec(metrics) ?? [];
  const listed = table.split('\n').flatMap((row) => row.split('|')[2]?.match(/(?<=`)[a-z\d…-]+(?=`)/g) ?? []);
  const named = listed.filter((name) => !name.startsWith('…')).map((name) => name.replace('-…', ''));
  expect(new Set(named).size).toBe(named.length);
  expect(named.filter((name) => !deployed.has(name))).toEqual([]);
  const others = [...deployed].filter((name) => !named.includes(name));
  expect(others.filter((name) => !/-(?:errors|dead-letters)$/.test(name))).toEqual([]);
  expect(listed.filter((name) => name.startsWith('…'))).toEqual(['…-errors', '…-dead-letters']);
});

it('docs/metrics.md subscribes PagerDuty to the alarms of both rows that wake, and to no other', () => {
  const [, wake = ''] = /^WAKE='(.*)'$/m.exec(metrics) ?? [];
  const rows = Array.from(metrics.matchAll(/^\| wake: .*?\| (.*?) \|/gm), ([, names = '']) => names);
  expect(rows.length).toBe(2);
  expect(wake.split(' ')).toEqual(rows.flatMap((names) => names.match(/(?<=`)[^`, ]+(?=`)/g) ?? []));
});

/** What a section of the page says about alarms: by the name, or as one of several: `sluice-prod-export-…`. */
function namedIn(heading: string): readonly RegExp[] {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = text.split('\n## ');
  return Array.from(own.matchAll(/`(?:sluice-prod)?-?([a-z\d…-]+)`/g), ([, name = '']) =>
    RegExp(`^${name.replace('…', '.+')}$`),
  );
}

describe('docs/operate.md', () => {
  it.each(Object.entries(templateConfigurations).map(([what, config]) => ({ what, config })))(
    'names each alarm in the section that the alarm names: $what',
    ({ config }) => {
      const { Resources } = madeResources(config).template;
      const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
      expect(alarms.length).toBeGreaterThan(15);
      for (const { Properties } of alarms) {
        const [, section = ''] =
          /: see docs\/operate\.md, "(.+)"$/.exec(String(Properties['AlarmDescription'])) ?? [];
        const part = String(Properties['AlarmName']).replace('acme-prod-', '');
        const isNamed = namedIn(section).some((pattern) => pattern.test(part));
        expect({ part, section, isNamed }).toEqual({ part, section, isNamed: true });
      }
    },
  );

  it('alarms that ring for no finding are known, and findings name alarms that exist', () => {
    const ofFindings = new Set(codes.flatMap(alarmsOf));
    expect([...ofFindings].filter((name) => !deployed.has(name))).toEqual([]);
    // Findings about dead letters and errors name no alarm: every queue and every function has one.
    const others = [...deployed].filter((name) => !/-(dead-letters|errors)$/.test(name));
    expect(others.filter((name) => !ofFindings.has(name)).sort()).toEqual(['groups']);
  });

  it('has every section that an alarm or a finding names', () => {
    expect(headings).toEqual(expect.arrayContaining(Object.values(operateSections)));
    const sections = codes.flatMap((code) => explainFinding(code).section ?? []);
    expect(headings).toEqual(expect.arrayContaining(sections));
  });

  it('names every finding of the status, and none that there is not', () => {
    const named = [...page.matchAll(/SLUICE_FINDING_\w+/g)].map(([code]) => code);
    const ofStatus = codes.filter((code) => findingCatalogue[code].part !== null);
    const expected = ofStatus.filter((code) => !NOT_ON_PAGE.includes(code));
    expect(expected.filter((code) => !named.includes(code))).toEqual([]);
    expect(named.filter((code) => !Object.hasOwn(findingCatalogue, code))).toEqual([]);
  });
});
