import { describe, expect, it } from '@jest/globals';
import { exportSession } from '../../../lib/access/sessionPolicies.ts';
import {
  type Asked,
  allowedOf,
  config,
  DAY,
  everything,
  forbiddenToAll,
  OURS,
  OWN,
  place,
  policyOf,
  required,
  textsOf,
} from './sessions.ts';

const exported = required(config.exports[0]);
const ofSdks = required(config.exports[2]);

const EXPORT = policyOf('ExportRole');

describe('the session policy of an export', () => {
  const calls = (name: string, table: string): readonly Asked[] => [
    ['s3:GetObject', `arn:aws:s3:::${OWN}/statsig/ingested/${table}/${DAY}/v1/a.parquet`],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': `statsig/ingested/${table}/${DAY}/v1/` }],
    ['glue:GetPartitions', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
    ['s3:GetObject', `arn:aws:s3:::${OWN}/ledger/exports/${name}/${table}/${DAY}.json`],
    ['s3:PutObject', `arn:aws:s3:::${OWN}/ledger/exports/${name}/${table}/${DAY}.json`],
    ['s3:ListBucket', `arn:aws:s3:::${name}-warehouse`, { 's3:prefix': `${name}/${DAY}/` }],
    ['s3:ListBucketMultipartUploads', `arn:aws:s3:::${name}-warehouse`],
    ['s3:PutObject', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
    ['s3:DeleteObject', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
    ['s3:AbortMultipartUpload', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
  ];

  it('allows reading its table and writing its customer’s folder, and nothing of another export', async () => {
    const policy = exportSession(place, config, exported);
    const own = calls('acme', 'acme_events');
    expect(await allowedOf(policy, own, EXPORT)).toEqual(textsOf(own));
    const beyond: readonly Asked[] = [
      ...calls('acme-2', 'acme_2_events'),
      ...forbiddenToAll,
      ['s3:GetObject', 'arn:aws:s3:::acme-warehouse/acme/x'],
      ['s3:PutObject', 'arn:aws:s3:::acme-warehouse/else/x'],
      ['s3:PutObject', `arn:aws:s3:::${OWN}/statsig/ingested/acme_events/${DAY}/v1/a.parquet`],
    ];
    expect(await allowedOf(policy, beyond, EXPORT)).toEqual([]);
    const forwarded = (kind: string) =>
      `arn:aws:s3:::${OWN}/statsig/statsig_forwarded_${kind}/statsig_forwarded_${kind}/${DAY}/a`;
    const reads: readonly Asked[] = [
      ['s3:GetObject', forwarded('exposures')],
      ['s3:GetObject', forwarded('events')],
      ...own,
    ];
    const sdks = exportSession(place, config, ofSdks);
    const former = { ...config, formerStatsigFolders: [{ folder: 'old', until: DAY }] };
    const ofOld = [
      ['s3:GetObject', forwarded('exposures').replace('/statsig/', '/old/')],
      [
        's3:ListBucket',
        `arn:aws:s3:::${OWN}`,
        { 's3:prefix': `old/statsig_forwarded_exposures/statsig_forwarded_exposures/${DAY}/` },
      ],
    ] satisfies readonly Asked[];
    expect(await allowedOf(exportSession(place, former, ofSdks), ofOld, everything)).toEqual(textsOf(ofOld));
    expect(await allowedOf(sdks, ofOld, everything)).toEqual([]);
    // The bucket is the same customer's, the folder another.
    expect(await allowedOf(sdks, reads, EXPORT)).toEqual([
      ...textsOf(reads.slice(0, 1)),
      's3:ListBucketMultipartUploads arn:aws:s3:::acme-warehouse',
    ]);
  });
});
