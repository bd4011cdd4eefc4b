import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { freeNamesLook } from '../../../../observe/doctor/account/freeNames.ts';
import { formerStackLook } from '../../../../observe/doctor/stack/stack.ts';
import { findingCatalogue } from '../../../../observe/findings/catalogue.ts';
import { account, NOT_FOUND } from '../fakeAccount.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
const { findings, findingsOf, lookBy, describeProd } = deployed;
afterAll(() => deployed.close());
beforeEach(() => deployed.reset());

const OURS = 'it exists in this account, outside of the stack';
const STATSIG_USER = 'arn:aws:iam::999689269917:user/acme';

describe('names of a stack', () => {
  it('are told if they are taken outside of it', async () => {
    account.logGroups.push('/aws/lambda/sluice-fresh-collect', '/aws/lambda/sluice-fresh-collect-2');
    expect(await findings(freeNamesLook, 'fresh')).toEqual([
      `NAME_TAKEN AWS::S3::Bucket sluice-experiments: ${OURS}.`,
      `NAME_TAKEN AWS::Glue::Database sluice: ${OURS}.`,
      `NAME_TAKEN AWS::Glue::Database statsig_staging: ${OURS}.`,
      `NAME_TAKEN AWS::Athena::WorkGroup sluice: ${OURS}.`,
      `NAME_TAKEN AWS::Logs::LogGroup /aws/lambda/sluice-fresh-collect: ${OURS}.`,
    ]);
  });

  it('are not told if they are its own already', async () => {
    expect(await findings(freeNamesLook)).toEqual([]);
  });

  it('are told if a bucket is of another account', async () => {
    deployed.denyRegions();
    expect(await findings(freeNamesLook, 'fresh')).toContain(
      'NAME_TAKEN AWS::S3::Bucket sluice-experiments: S3 denies access.',
    );
  });

  it('are told if the bucket for Statsig is of another account, as of any other bucket', async () => {
    deployed.denyRegions();
    const statsigBucket = { bucket: 'acme-statsig', user: STATSIG_USER };
    const found = await lookBy(freeNamesLook, { bucket: 'acme-new', statsigBucket });
    const cures = found.flatMap(({ title, cure }) => (title.includes('acme-statsig') ? [cure] : []));
    expect(cures).toEqual([findingCatalogue.SLUICE_FINDING_NAME_TAKEN.cases.foreignBucket.cure]);
  });

  it('are told if there is a secret', async () => {
    account.secrets.set('sluice-fresh-keys', {});
    expect(await findings(freeNamesLook, 'fresh')).toContain(
      `NAME_TAKEN AWS::SecretsManager::Secret sluice-fresh-keys: ${OURS}.`,
    );
  });

  it('are told if a secret is still being deleted', async () => {
    account.secrets.set('sluice-fresh-keys', { DeletedDate: 1_790_000_000 });
    expect(await findings(freeNamesLook, 'fresh')).toContain(
      'NAME_TAKEN AWS::SecretsManager::Secret sluice-fresh-keys: it is scheduled for deletion, and Secrets Manager reserves the name until then.',
    );
  });
});

describe('the cure of a taken name', () => {
  const taken = (text: string) => expect.stringContaining(text);
  const cures = async (options: Partial<ConfigInput>) => {
    const found = await lookBy(freeNamesLook, {
      bucket: 'acme-new',
      database: 'acme',
      athena: { workgroup: 'acme', stagingDatabase: 'acme_staging' },
      ...options,
    });
    return found.map(({ detail, cure }) => ({ detail, cure }));
  };

  it('names the settings of a reader', async () => {
    const owox = {
      kind: 'owox',
      name: 'owox',
      resultsBucket: deployed.bucket,
      ownDatabase: 'sluice',
    } as const;
    expect(await cures({ readers: [owox] })).toEqual([
      { detail: taken(deployed.bucket), cure: taken('`existingResultsBucket` of the reader') },
      { detail: taken('sluice'), cure: taken('another name for it (`resultsBucket`, `ownDatabase`)') },
    ]);
  });

  it('names the setting of the bucket for Statsig', async () => {
    expect(await cures({ statsigBucket: { bucket: deployed.bucket, user: STATSIG_USER } })).toEqual([
      { detail: taken(deployed.bucket), cure: taken('set `statsigBucket.existing`') },
    ]);
  });
});

describe('a table of the stack', () => {
  const TABLE = 'AWS::Glue::Table statsig_forwarded_events';
  const { resources } = deployed.stack;
  const ofBucket = { bucket: deployed.bucket };
  const withoutTable = () =>
    describeProd(resources.filter(({ physicalId }) => physicalId !== 'statsig_forwarded_events'));
  /** What is found of tables. */
  const found = async (options: Partial<ConfigInput>) => {
    const all = await lookBy(freeNamesLook, { database: 'sluice', ...options });
    return all.flatMap(({ detail, commands }) => (detail.includes('::Table') ? [{ detail, commands }] : []));
  };

  it('is told if it was left outside of it, with the command that frees its name', async () => {
    withoutTable();
    expect(await found(ofBucket)).toEqual([
      {
        detail: `${TABLE}: ${OURS}.`,
        commands: [
          expect.stringMatching(
            /^aws glue delete-table --database-name sluice --name statsig_forwarded_events /,
          ),
        ],
      },
    ]);
  });

  it('is told without a command if it was left and its files are in another bucket, which may be of another stage', async () => {
    withoutTable();
    expect(await found({})).toEqual([
      { detail: `${TABLE}: it is in the database sluice, outside of the stack.`, commands: [] },
    ]);
  });

  it('is told if it was left in a brought database, which is there whatever the stack has', async () => {
    describeProd([]);
    const details = (await found({ ...ofBucket, existing: { database: true } })).map(({ detail }) => detail);
    expect(details).toContain(`${TABLE}: ${OURS}.`);
  });

  it('is not told where the database that it is in is to be made', async () => {
    describeProd([]);
    expect(await found(ofBucket)).toEqual([]);
  });

  it("is not told if it is the stack's by an ID of parts", async () => {
    describeProd(
      resources.map((resource) =>
        resource.type === 'AWS::Glue::Table'
          ? { ...resource, physicalId: `sluice|${resource.physicalId}` }
          : resource,
      ),
    );
    expect(await found(ofBucket)).toEqual([]);
  });
});

describe('a domain', () => {
  const domain = 'collect.acme.com';
  const certificateArn =
    'arn:aws:acm:us-east-1:000000000000:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
  /** The commands that free its name. */
  const found = async () => {
    const all = await lookBy(freeNamesLook, { endpoint: { domain, certificateArn } });
    return all.flatMap(({ detail, commands }) => (detail.includes(domain) ? commands : []));
  };

  it('is told if a stack left it', async () => {
    account.answers.set(`apigateway /domainnames/${domain}`, { domainName: domain });
    expect(await found()).toEqual([
      expect.stringMatching(/^aws apigatewayv2 delete-domain-name --domain-name collect\.acme\.com /),
    ]);
  });

  it('is not told if it is free', async () => {
    account.answers.set(`apigateway /domainnames/${domain}`, NOT_FOUND);
    expect(await found()).toEqual([]);
  });
});

describe('the user of a reader', () => {
  const metabase = { kind: 'metabase', name: 'bi', iamName: 'BI' } as const;
  const readers = [metabase];
  /** What is found of the user where the stack has it by this name. */
  const found = async (physicalId: string) => {
    describeProd([{ logicalId: 'ReaderBiUser', physicalId, type: 'AWS::IAM::User' }]);
    const ofUser = (all: readonly string[]) => all.filter((text) => /\bBI\b/.test(text));
    return {
      names: ofUser(await findingsOf(freeNamesLook, { readers })),
      replaced: ofUser(await findingsOf(formerStackLook, { readers })),
    };
  };

  it.each([
    { kind: 'User', name: 'BI', reader: metabase },
    {
      kind: 'Role',
      name: 'St',
      reader: {
        kind: 'statsig',
        name: 'st',
        principal: '123456789012',
        externalId: 'project-7',
        iamName: 'St',
      },
    },
  ] as const)('or its role is told if the $kind $name exists', async ({ kind, name, reader }) => {
    const taken = await findingsOf(freeNamesLook, { bucket: 'acme-new', readers: [reader] });
    expect(taken).toContain(`NAME_TAKEN AWS::IAM::${kind} ${name}: ${OURS}.`);
  });

  it("is not told if it is the stack's", async () => {
    expect(await found('BI')).toEqual({ names: [], replaced: [] });
  });

  it('is told once where its name differs in the case of letters alone', async () => {
    const { names } = await found('Bi');
    expect(names).toEqual([expect.stringContaining('ReaderBiUser of the stack sluice-prod is named Bi')]);
  });

  it('is told if a deployment makes it anew, with a name that is taken', async () => {
    expect(await found('sluice-prod-ReaderBiUser-1')).toEqual({
      names: [`NAME_TAKEN AWS::IAM::User BI: ${OURS}.`],
      replaced: [expect.stringContaining('READER_REPLACED The user of the reader bi is made anew')],
    });
  });
});
