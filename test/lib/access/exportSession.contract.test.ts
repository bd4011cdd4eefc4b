import { describe, expect, it } from '@jest/globals';
import { exportSession } from '../../../lib/access/sessionPolicies.ts';
import {
  type Asked,
  allowedOf,
  allows,
  config,
  DAY,
  everything,
  forbiddenToAll,
  listing,
  OWN,
  onObject,
  onTable,
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
    onObject('GetObject', OWN, `statsig/ingested/${table}/${DAY}/v1/a.parquet`),
    listing(OWN, `statsig/ingested/${table}/${DAY}/v1/`),
    onTable('GetPartitions', table),
    onObject('GetObject', OWN, `ledger/exports/${name}/${table}/${DAY}.json`),
    onObject('PutObject', OWN, `ledger/exports/${name}/${table}/${DAY}.json`),
    listing(`${name}-warehouse`, `${name}/${DAY}/`),
    ['s3:ListBucketMultipartUploads', `arn:aws:s3:::${name}-warehouse`],
    onObject('PutObject', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
    onObject('DeleteObject', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
    onObject('AbortMultipartUpload', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
  ];

  it('allows reading its table and writing its customer’s folder, and nothing of another export', async () => {
    const policy = exportSession(place, config, exported);
    const own = calls('acme', 'acme_events');
    await allows(own, policy, own, EXPORT);
    const beyond: readonly Asked[] = [
      ...calls('acme-2', 'acme_2_events'),
      ...forbiddenToAll,
      onObject('GetObject', 'acme-warehouse', 'acme/x'),
      onObject('PutObject', 'acme-warehouse', 'else/x'),
      onObject('PutObject', OWN, `statsig/ingested/acme_events/${DAY}/v1/a.parquet`),
    ];
    await allows([], policy, beyond, EXPORT);
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
      listing(OWN, `old/statsig_forwarded_exposures/statsig_forwarded_exposures/${DAY}/`),
    ] satisfies readonly Asked[];
    await allows(ofOld, exportSession(place, former, ofSdks), ofOld, everything);
    await allows([], sdks, ofOld, everything);
    // The bucket is the same customer's, the folder another.
    expect(await allowedOf(sdks, reads, EXPORT)).toEqual([
      ...textsOf(reads.slice(0, 1)),
      's3:ListBucketMultipartUploads arn:aws:s3:::acme-warehouse',
    ]);
  });
});
