import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  PutBucketAclCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  SelectObjectContentCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { type RawRequest, signedRequest } from '../edge/signedRequest.ts';

describe('the local S3 with features that it does not emulate', () => {
  let s3: RunningS3;
  const Bucket = 'strict';
  const at = { Bucket, Key: 'key' };

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
    await s3.store.put(Bucket, 'key', 'kept');
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it.each<{ readonly name: string; readonly call: () => Promise<unknown> }>([
    {
      name: 'acl',
      call: () => s3.client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: {} })),
    },
    {
      name: 'MfaDelete',
      call: () =>
        s3.client.send(
          new PutBucketVersioningCommand({
            Bucket,
            VersioningConfiguration: { MFADelete: 'Enabled', Status: 'Enabled' },
          }),
        ),
    },
    { name: 'tagging', call: () => s3.client.send(new GetObjectTaggingCommand(at)) },
    {
      name: 'select',
      call: () =>
        s3.client.send(
          new SelectObjectContentCommand({
            ...at,
            Expression: 'SELECT 1',
            ExpressionType: 'SQL',
            InputSerialization: { Parquet: {} },
            OutputSerialization: { JSON: {} },
          }),
        ),
    },
  ])('rejects an operation by name: $name', async ({ name, call }) => {
    expect(await failureOf(call())).toEqual({
      name: 'NotImplemented',
      status: 501,
      message: expect.stringContaining(name),
    });
  });

  it.each<{ readonly names: string; readonly more: Partial<PutObjectCommandInput> }>([
    { names: 'x-amz-tagging', more: { Tagging: 'a=1' } },
    { names: 'x-amz-storage-class|storage class EXPRESS_ONEZONE', more: { StorageClass: 'EXPRESS_ONEZONE' } },
    {
      names: 'x-amz-server-side-encryption-context',
      more: { ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext: 'e30=' },
    },
    { names: 'aws:kms:dsse', more: { ServerSideEncryption: 'aws:kms:dsse' } },
    {
      names: 'x-amz-server-side-encryption-customer',
      more: { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'k'.repeat(32) },
    },
  ])('rejects a write with $names by name', async ({ names, more }) => {
    // The SDK sends a customer's key over TLS only; here it is to be refused, not kept.
    const client = s3.makeClient({ tls: false });
    const failure = await failureOf(client.send(new PutObjectCommand({ ...at, Body: 'changed', ...more })));
    expect(failure).toMatchObject({
      name: 'NotImplemented',
      status: 501,
      message: expect.stringMatching(names),
    });
    expect(s3.store.head(Bucket, 'key').size).toBe(4);
  });

  it.each<{ readonly name: string; readonly more: Partial<GetObjectCommandInput> }>([
    { name: 'partNumber', more: { PartNumber: 1 } },
    { name: 'if-modified-since', more: { IfModifiedSince: new Date(0) } },
  ])('rejects a read with $name by name', async ({ name, more }) => {
    expect(await failureOf(s3.client.send(new GetObjectCommand({ ...at, ...more })))).toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(name),
    });
  });

  it('rejects ACLs as a bucket without ACLs does, except the default one', async () => {
    const put = (ACL: 'public-read' | 'bucket-owner-full-control') =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'acl', Body: 'x', ACL }));
    expect(await failureOf(put('public-read'))).toMatchObject({
      name: 'AccessControlListNotSupported',
      status: 400,
    });
    await put('bucket-owner-full-control');
  });

  it.each([
    { method: 'GET', path: '/strict/key', query: '' },
    { method: 'PUT', path: '/strict/key', query: '' },
    { method: 'DELETE', path: '/strict/key', query: '' },
    { method: 'GET', path: '/strict', query: 'list-type=2&' },
    { method: 'PUT', path: '/strict', query: '' },
    { method: 'DELETE', path: '/strict', query: '' },
  ])(
    'rejects a header and a parameter that it does not know, of $method $path?$query',
    async ({ method, path, query }) => {
      expect(await raw({ method, path: `${path}?${query}unheard=1` })).toMatchObject({
        status: 501,
        body: expect.stringContaining('?unheard'),
      });
      expect(
        await raw({ method, path: `${path}?${query}`, headers: { 'x-amz-unheard-of': '1' } }),
      ).toMatchObject({
        status: 501,
        body: expect.stringContaining('x-amz-unheard-of'),
      });
    },
  );

  const raw = (more: Partial<RawRequest>) =>
    signedRequest({ url: s3.url, path: '/strict', method: 'POST', ...more });
  const remove = (body: string) =>
    raw({ path: '/strict?delete', body, headers: { 'content-md5': md5(body) } });

  it.each([
    { what: 'no XML', body: 'Delete' },
    { what: 'another document', body: '<Other/>' },
    { what: 'an element left open', body: '<Delete><Object><Key>key</Key></Object>' },
    { what: 'elements that cross', body: '<Delete><Object><Key>key</Object></Key></Delete>' },
    { what: 'an object without a key', body: '<Delete><Object/></Delete>' },
    { what: 'no object', body: '<Delete></Delete>' },
    {
      what: 'an unknown element',
      body: '<Delete><Object><Key>key</Key></Object><Other/></Delete>',
    },
    {
      what: 'a document type',
      body: '<!DOCTYPE d [<!ENTITY e "key">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    },
    { what: 'an unknown entity', body: '<Delete><Object><Key>&nbsp;</Key></Object></Delete>' },
    { what: '1,001 objects', body: `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>` },
  ])('rejects a DeleteObjects of $what', async ({ body }) => {
    expect(await remove(body)).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>MalformedXML</Code>'),
    });
    expect(s3.store.head(Bucket, 'key').size).toBe(4);
  });

  it('takes a DeleteObjects of 1,000 objects', async () => {
    const body = `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1_000)}</Delete>`;
    expect(await remove(body)).toMatchObject({ status: 200 });
  });

  it('reads comments, CDATA and entities in XML bodies', async () => {
    await s3.store.put(Bucket, 'a<&>"\'é', 'x');
    const body =
      '<?xml version="1.0"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><!-- one --><Object>\n<Key>a&lt;<![CDATA[&>]]>&quot;&#39;&#xe9;</Key></Object></Delete>';
    expect(await remove(body)).toMatchObject({ status: 200, body: expect.stringContaining('<Deleted>') });
    expect(s3.store.bucket(Bucket).find('a<&>"\'é')).toBeUndefined();
  });

  it('rejects a path that is not UTF-8', async () => {
    expect(await raw({ method: 'GET', path: '/strict/%FF' })).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>InvalidURI</Code>'),
    });
  });
});

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
