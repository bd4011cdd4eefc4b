import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { type ForeignFile, judgeForeign } from '../../../../observe/doctor/bucket/forwarding.ts';
import { commands } from '../setupOf.ts';

describe('files of others in the folder of a table', () => {
  const config = defineConfig({ bucket: 'acme' });
  const older = {
    key: 'statsig/events/2026-11-20/theirs.parquet',
    size: 9,
    at: Date.UTC(2026, 10, 20, 7),
  };
  const newer = { key: 'statsig/events/x', size: 1, at: Date.UTC(2026, 10, 21), version: 'v9' };
  const judge = (files: readonly ForeignFile[], judgedConfig = config) =>
    judgeForeign({ config: judgedConfig, commands }, 'statsig/events/', files);

  it('are nothing to tell if there are none', () => {
    expect(judge([])).toEqual([]);
  });

  it('are told since the oldest of them, the newest first', () => {
    expect(judge([older, newer])).toMatchObject([
      {
        code: 'SLUICE_FINDING_FORWARDED',
        since: '2026-11-20T07:00:00.000Z',
        detail:
          'statsig/events/x, 1 byte, written at 2026-11-21T00:00:00.000Z; statsig/events/2026-11-20/theirs.parquet, 9 bytes, written at 2026-11-20T07:00:00.000Z.',
      },
    ]);
  });

  it('have commands that copy each under its key in one name, and delete its version if it has one', () => {
    const [{ commands: printed = [] } = {}] = judge([older, newer]);
    expect(printed).toEqual([
      'aws s3api get-object --bucket acme --key statsig/events/x statsig_events_x --region eu-west-1',
      'aws s3api delete-object --bucket acme --key statsig/events/x --version-id v9 --region eu-west-1',
      'aws s3api get-object --bucket acme --key statsig/events/2026-11-20/theirs.parquet statsig_events_2026-11-20_theirs.parquet --region eu-west-1',
      'aws s3api delete-object --bucket acme --key statsig/events/2026-11-20/theirs.parquet --region eu-west-1',
    ]);
  });

  it.each([
    { to: 'to nobody', relay: undefined, severity: 'warning' },
    { to: 'to another target', relay: { url: 'https://relay.example.com' }, severity: 'warning' },
    { to: 'to Statsig, which forwards it again', relay: { statsig: true as const }, severity: 'problem' },
  ])('are a $severity where relay delivers $to', ({ relay, severity }) => {
    const relayed = defineConfig({ bucket: 'acme', relay });
    expect(judge([older, newer], relayed)).toMatchObject([{ severity }]);
  });

  it('have commands for three of them', () => {
    const four = [1, 2, 3, 4].map((i) => ({
      key: `statsig/events/${i}`,
      size: 1,
      at: Date.UTC(2026, 10, i),
    }));
    const [{ commands: printed = [] } = {}] = judge(four);
    expect(printed.filter((command) => command.includes('get-object'))).toEqual([
      'aws s3api get-object --bucket acme --key statsig/events/4 statsig_events_4 --region eu-west-1',
      'aws s3api get-object --bucket acme --key statsig/events/3 statsig_events_3 --region eu-west-1',
      'aws s3api get-object --bucket acme --key statsig/events/2 statsig_events_2 --region eu-west-1',
    ]);
  });
});
