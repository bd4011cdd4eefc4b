import type { ProtocolName } from '../schema/kinds.ts';
import { RequestError } from '../wire/RequestError.ts';
import { growthbook } from './growthbook/growthbook.ts';
import type { EventReader, Protocol, ReaderContext } from './Protocol.ts';
import { plain } from './plain/plain.ts';
import { statsig } from './statsig/statsig.ts';

/** Every protocol. Those that take a few paths come before the one that takes all others. */
const protocols: readonly Protocol[] = [growthbook, plain, statsig];

/** The protocols of these names, in the order in which they are asked whether a path is theirs. */
export function protocolsOf(names: readonly ProtocolName[]): readonly Protocol[] {
  return protocols.filter(({ name }) => names.includes(name));
}

/** The protocol that a path belongs to, or one that refuses every request. */
export function protocolOfPath(path: string, among: readonly Protocol[]): Protocol {
  return among.find((protocol) => protocol.takes(path)) ?? refusing;
}

const refusing: Protocol = {
  ...statsig,
  requireEvents() {
    throw new RequestError('SLUICE_PATH_NOT_TAKEN');
  },
};

/** A reader of bodies of each protocol. */
export function readersOf(context: ReaderContext): Readonly<Record<ProtocolName, EventReader>> {
  return {
    statsig: statsig.reader(context),
    growthbook: growthbook.reader(context),
    plain: plain.reader(context),
  };
}
