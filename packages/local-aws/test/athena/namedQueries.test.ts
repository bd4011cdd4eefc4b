import {
  BatchGetNamedQueryCommand,
  CreateNamedQueryCommand,
  CreateWorkGroupCommand,
  DeleteNamedQueryCommand,
  DeleteWorkGroupCommand,
  GetNamedQueryCommand,
  ListNamedQueriesCommand,
  UpdateNamedQueryCommand,
} from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedRunner } from '../harness/ScriptedRunner.ts';
import { startAthena } from '../harness/startAthena.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeEach(async () => {
  athena = await startAthena(() => new ScriptedRunner());
});
afterEach(() => athena.close());

const QUERY = { Name: 'top', Database: 'app', QueryString: 'SELECT 1', Description: 'of a test' };

async function create(input: Partial<CreateNamedQueryCommand['input']> = {}): Promise<string> {
  const { NamedQueryId } = await athena.client.send(new CreateNamedQueryCommand({ ...QUERY, ...input }));
  return NamedQueryId ?? '';
}

async function get(NamedQueryId: string) {
  const { NamedQuery } = await athena.client.send(new GetNamedQueryCommand({ NamedQueryId }));
  return NamedQuery;
}

async function list(input: ListNamedQueriesCommand['input'] = {}) {
  const { NamedQueryIds, NextToken } = await athena.client.send(new ListNamedQueriesCommand(input));
  return { ids: NamedQueryIds, NextToken };
}

describe('named queries', () => {
  it('are created, updated and deleted, and outlive a restart', async () => {
    const [one, other] = [await create(), await create()];
    expect(other).not.toBe(one);
    await athena.client.send(
      new UpdateNamedQueryCommand({ NamedQueryId: one, Name: 'first', QueryString: 'SELECT 2' }),
    );
    await athena.restart();
    expect(await get(one)).toEqual({
      ...QUERY,
      NamedQueryId: one,
      WorkGroup: 'primary',
      Name: 'first',
      QueryString: 'SELECT 2',
    });
    await athena.client.send(new DeleteNamedQueryCommand({ NamedQueryId: one }));
    expect((await list()).ids).toEqual([other]);
    const missing = { name: 'InvalidRequestException', message: `NamedQuery ${one} was not found` };
    await expect(get(one)).rejects.toMatchObject(missing);
    await expect(
      athena.client.send(new DeleteNamedQueryCommand({ NamedQueryId: one })),
    ).rejects.toMatchObject(missing);
    await expect(
      athena.client.send(new UpdateNamedQueryCommand({ NamedQueryId: one, Name: 'n', QueryString: 'q' })),
    ).rejects.toMatchObject(missing);
    const { NamedQueries, UnprocessedNamedQueryIds } = await athena.client.send(
      new BatchGetNamedQueryCommand({ NamedQueryIds: [one, other] }),
    );
    expect(NamedQueries).toEqual([{ ...QUERY, NamedQueryId: other, WorkGroup: 'primary' }]);
    expect(UnprocessedNamedQueryIds).toMatchObject([{ NamedQueryId: one, ErrorCode: 'INVALID_INPUT' }]);
  });

  it('are created once by a token', async () => {
    const ClientRequestToken = 'a'.repeat(32);
    const id = await create({ ClientRequestToken });
    await athena.restart();
    expect(await create({ ClientRequestToken })).toBe(id);
    await expect(create({ ClientRequestToken, QueryString: 'SELECT 2' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Idempotent parameters do not match',
    });
    expect((await list()).ids).toEqual([id]);
  });

  it('are listed by workgroup, in pages, and go with it', async () => {
    await athena.client.send(new CreateWorkGroupCommand({ Name: 'team' }));
    const WorkGroup = 'team';
    const ids = [await create({ WorkGroup }), await create({ WorkGroup })];
    const first = await list({ WorkGroup, MaxResults: 1 });
    const second = await list({ WorkGroup, MaxResults: 1, NextToken: first.NextToken });
    expect([first.ids, second]).toEqual([[ids[0]], { ids: [ids[1]], NextToken: undefined }]);
    expect((await list()).ids).toEqual([]);
    await expect(create({ WorkGroup: 'none' })).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(athena.client.send(new DeleteWorkGroupCommand({ WorkGroup }))).rejects.toMatchObject({
      message: 'WorkGroup team is not empty',
    });
    await athena.client.send(new DeleteWorkGroupCommand({ WorkGroup, RecursiveDeleteOption: true }));
    await expect(get(ids[0] ?? '')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('are asked for by their workgroup, not by their name', async () => {
    await athena.client.send(new CreateWorkGroupCommand({ Name: 'team' }));
    const NamedQueryId = await create({ WorkGroup: 'team' });
    // Each strikes once.
    const failNext = () => athena.faults.set({ athena: [{ fault: 'failCalls', workgroup: 'team' }] });
    failNext();
    await create({ Name: 'team' });
    const failed = { name: 'TooManyRequestsException' };
    await expect(get(NamedQueryId)).rejects.toMatchObject(failed);
    failNext();
    await expect(
      athena.client.send(
        new UpdateNamedQueryCommand({ NamedQueryId, Name: 'primary', QueryString: 'SELECT 1' }),
      ),
    ).rejects.toMatchObject(failed);
    failNext();
    await expect(
      athena.client.send(new BatchGetNamedQueryCommand({ NamedQueryIds: [NamedQueryId] })),
    ).rejects.toMatchObject(failed);
  });
});
