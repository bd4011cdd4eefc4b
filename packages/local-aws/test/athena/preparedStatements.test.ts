import {
  CreatePreparedStatementCommand,
  DeletePreparedStatementCommand,
  GetPreparedStatementCommand,
} from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedRunner } from '../../src/testing/ScriptedRunner.ts';
import { START, startAthena } from '../../src/testing/startAthena.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeEach(async () => {
  athena = await startAthena(() => new ScriptedRunner());
});
afterEach(() => athena.close());

describe('prepared statements', () => {
  const WorkGroup = 'primary';
  const create = (StatementName: string, QueryStatement: string) =>
    athena.client.send(
      new CreatePreparedStatementCommand({ StatementName, WorkGroup, QueryStatement, Description: 'd' }),
    );
  const get = async (StatementName: string) =>
    (await athena.client.send(new GetPreparedStatementCommand({ StatementName, WorkGroup })))
      .PreparedStatement;

  const remove = (StatementName: string) =>
    athena.client.send(new DeletePreparedStatementCommand({ StatementName, WorkGroup }));

  it('are created, kept and deleted', async () => {
    await create('b', 'SELECT ?');
    await create('a', 'SELECT 2');
    await expect(create('a', 'SELECT 3')).rejects.toMatchObject({
      message: 'PreparedStatement a already exists in WorkGroup primary',
    });
    await athena.restart();
    expect(await get('b')).toEqual({
      StatementName: 'b',
      QueryStatement: 'SELECT ?',
      WorkGroupName: 'primary',
      Description: 'd',
      LastModifiedTime: new Date(START),
    });
    await remove('a');
    const missing = {
      name: 'ResourceNotFoundException',
      message: 'PreparedStatement a was not found in workGroup primary',
      ResourceName: 'a',
    };
    await expect(get('a')).rejects.toMatchObject(missing);
    await expect(remove('a')).rejects.toMatchObject(missing);
    expect(await get('b')).toMatchObject({ QueryStatement: 'SELECT ?' });
  });

  it.each(['1st', 'a-b', '', 'a'.repeat(257)])('have no name %j', async (name) => {
    await expect(create(name, 'SELECT 1')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('may have a name of 256 characters', async () => {
    const longest = `_${'a:@1'.repeat(63)}abc`;
    await create(longest, 'SELECT 1');
    expect(await get(longest)).toMatchObject({ StatementName: longest });
  });
});
