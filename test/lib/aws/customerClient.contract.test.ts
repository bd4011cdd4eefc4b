import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from '@jest/globals';
import { customerClient } from '../../../lib/aws/customerClient.ts';
import { answering } from '../../harness/answering.ts';

describe('the client of a customer', () => {
  const ROLE = { arn: 'arn:aws:iam::111122223333:role/r', externalId: 'made-by-us' };
  const place = { region: 'eu-west-1' as const, role: ROLE };
  const access = { sessionName: 's', sessionPolicy: '{}', answerMs: 5_000 };

  it('is kept for the same settings, and for no others', async () => {
    const client = customerClient(place, access);
    expect(customerClient({ ...place }, { ...access })).toBe(client);
    const others = [
      customerClient({ ...place, region: 'eu-west-2' }, access),
      customerClient({ ...place, role: { ...ROLE, externalId: 'another' } }, access),
      customerClient({ ...place, role: undefined }, access),
      customerClient(place, { ...access, sessionName: 't' }),
      customerClient(place, { ...access, sessionPolicy: '{"Version":"2012-10-17"}' }),
      customerClient(place, { ...access, answerMs: 6_000 }),
    ];
    expect(new Set([client, ...others]).size).toBe(others.length + 1);
    expect(await client.config.region()).toBe('eu-west-1');
    expect(client.config.followRegionRedirects).toBe(false);
  });

  it('of a session has its credentials or assumes the role as it, and is closed with it', async () => {
    const credentials = { accessKeyId: 'own', secretAccessKey: 's', expiration: new Date(0) };
    const assumed = { AccessKeyId: 'theirs', SecretAccessKey: 's', Expiration: new Date(4e12) };
    const sts = answering(STSClient, { Credentials: assumed });
    const closed: object[] = [];
    const by = {
      credentials,
      s3: answering(S3Client).client,
      glue: answering(GlueClient).client,
      sts: sts.client,
      closes: (client: object) => void closed.push(client),
      close: () => undefined,
    };
    const own = customerClient({ ...place, role: undefined }, { ...access, by });
    expect((await own.config.credentials()).accessKeyId).toBe('own');
    const theirs = customerClient(place, { ...access, by });
    expect((await theirs.config.credentials()).accessKeyId).toBe('theirs');
    expect(sts.asked.map(({ input }) => input)).toEqual([
      {
        RoleArn: ROLE.arn,
        RoleSessionName: 's',
        ExternalId: 'made-by-us',
        DurationSeconds: 3_600,
        Policy: '{}',
      },
    ]);
    expect(closed).toEqual([own, theirs]);
    expect(customerClient(place, { ...access, by })).not.toBe(theirs);
  });
});
