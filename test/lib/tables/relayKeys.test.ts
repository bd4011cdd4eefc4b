import { describe, expect, it } from '@jest/globals';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  relayId,
  relayIdTime,
  relayRefusedKey,
  relayWaitingKey,
} from '../../../lib/tables/relayKeys.ts';

const AT = Date.parse('2026-11-25T09:10:11.012Z');
const ID = relayId(AT, '0123456789abcdef01234567');

describe('the key of a copy of relay', () => {
  it('that waits is read back with its time', () => {
    expect(parseRelayWaitingKey(relayWaitingKey(ID))).toBe(ID);
    expect(relayIdTime(ID)).toBe(AT);
  });

  it.each(['relay/waiting/', `relay/refused/400/${ID}`, `${relayWaitingKey(ID)}x`, relayWaitingKey('today')])(
    'that waits is not read from %s',
    (key) => expect(parseRelayWaitingKey(key)).toBeNull(),
  );

  const refused = { reason: '400', at: Date.parse('2026-11-26T23:59:59.999Z'), id: ID };
  it('that was refused is read back with when and why', () => {
    const key = relayRefusedKey(refused);
    expect(key).toBe(`relay/refused/400/2026-11-26/${ID}.235959999`);
    expect(parseRelayRefusedKey(key)).toEqual(refused);
  });

  it.each([
    { what: 'another folder', change: (key: string) => key.replace('refused/', 'waiting/') },
    { what: 'another reason', change: (key: string) => key.replace('/400/', '/4000/') },
    { what: 'no day', change: (key: string) => key.replace('2026-11-26', '2026-02-30') },
    { what: 'no ID', change: (key: string) => key.replace(ID, 'x') },
    { what: 'no time', change: (key: string) => key.replace('.235959999', '.235960999') },
    { what: 'a folder more', change: (key: string) => key.replace(`/${ID}`, `/${ID}/${ID}`) },
  ])('that was refused is not read with $what', ({ change }) => {
    const key = relayRefusedKey(refused);
    expect(change(key)).not.toBe(key);
    expect(parseRelayRefusedKey(change(key))).toBeNull();
  });

  it('has no time that does not exist', () => {
    expect(relayIdTime(ID.replace('20261125', '20261399'))).toBeNull();
  });
});
