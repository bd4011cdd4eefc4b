import { existsSync, readdirSync } from 'node:fs';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { startTestAws, temporaryDirectory } from '../src/testing/index.ts';
import { closedAfterEach } from './harness/closedAfterEach.ts';

const opened = closedAfterEach();

const template = {
  Resources: { Landing: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'landing' } } },
};

describe('startTestAws', () => {
  it('starts a cloud for the clients of a test, as its account, and removes it', async () => {
    const account = {
      id: '123456789012',
      region: 'eu-west-1',
      partition: 'aws',
      accessKeyId: 'mine',
      secretAccessKey: 'secret',
    };
    const { aws, options, close } = await startTestAws({ stack: { template }, account });
    const s3 = opened(new S3Client(options), (client) => client.destroy());
    opened(aws, close);
    const { Buckets = [] } = await s3.send(new ListBucketsCommand());
    expect(Buckets.map(({ Name }) => Name)).toEqual(['landing']);
    expect(options.region).toBe('eu-west-1');
    await close();
    expect(existsSync(aws.directory)).toBe(false);
  });

  it('leaves nothing behind when it cannot start', async () => {
    const own = temporaryDirectory();
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = own.path;
    try {
      const Table = { Type: 'AWS::DynamoDB::Table' };
      await expect(startTestAws({ stack: { template: { Resources: { Table } } } })).rejects.toMatchObject({
        code: 'LOCAL_AWS_TEMPLATE_RESOURCE_UNSUPPORTED',
      });
      expect(readdirSync(own.path)).toEqual([]);
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
      own.remove();
    }
  });
});
