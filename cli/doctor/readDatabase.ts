import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import { isAnswer } from './askAws.ts';
import type { Visit } from './Visit.ts';

/** Whether the database of the tables is there. */
export async function readDatabase(visit: Visit): Promise<boolean> {
  const { database } = await visit.config();
  const { glue } = await visit.clients();
  try {
    await visit.ask('glue:GetDatabase', () => glue.send(new GetDatabaseCommand({ Name: database })));
    return true;
  } catch (error) {
    if (isAnswer(error, 'EntityNotFoundException')) return false;
    throw error;
  }
}
