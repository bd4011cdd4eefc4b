import { describe, expect, it } from '@jest/globals';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { judgeCopy } from '../../../lib/relay/copyEvents.ts';

describe('a copy of a request', () => {
  const judge = (body: object, id: string) =>
    judgeCopy(
      {
        id: 'x',
        keptAt: 0,
        path: '/v1/rgstr',
        query: '',
        headers: {},
        body: Buffer.from(JSON.stringify(body)),
      },
      new UnitMatcher([{ type: 'userID', column: 'user_id', value: id }]),
    );

  it('is of a person by a number, digits or a short text under the key of a unit alone', () => {
    const events = [
      { value: 42, user: { userID: 'somebody' } },
      { value: '42', metadata: { level: '42' } },
      { value: 1, user: { customIDs: { stableID: 42 } } },
      { value: 1, user: { userID: '42' } },
    ];
    expect(judge({ events }, '42')).toEqual({ isPersons: true, own: 2, others: 2 });
    expect(judge({ events: events.slice(0, 2) }, '42')).toEqual({ isPersons: false, own: 0, others: 2 });
  });

  it('is of a person by a longer text wherever it is: its events are others’ without the key of a unit', () => {
    const events = [{ metadata: { friend: 'person-1' } }, { value: 'person-10' }];
    expect(judge({ events }, 'person-1')).toEqual({ isPersons: true, own: 0, others: 2 });
    expect(judge({ events, statsigMetadata: { stableID: 'person-2' } }, 'person-2')).toEqual({
      isPersons: true,
      own: 2,
      others: 0,
    });
  });
});
