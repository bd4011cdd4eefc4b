import type { Reader } from '../schema/readers.ts';
import { metabasePolicy, metabaseWritePolicy } from './metabasePolicy.ts';
import { owoxPolicy } from './owoxPolicy.ts';
import type { Place } from './place.ts';
import type { PolicyDocument } from './policyDocument.ts';
import { readerWorkgroup } from './readerStatements.ts';
import { statsigPolicy } from './statsigPolicy.ts';

/** A policy and what it is called beside the others of the same reader. */
export interface NamedPolicy {
  readonly name: 'read' | 'write';
  readonly document: PolicyDocument;
}

/** All that a configured reader may do, whether as a role or as a user. */
export function readerPermissions(place: Place, reader: Reader): readonly NamedPolicy[] {
  switch (reader.kind) {
    case 'statsig':
      return [{ name: 'read', document: statsigPolicy(place, readerWorkgroup(place, reader), reader) }];
    case 'owox':
      return [{ name: 'read', document: owoxPolicy(place, reader) }];
    case 'metabase':
      return [
        { name: 'read', document: metabasePolicy(place, readerWorkgroup(place, reader)) },
        ...(reader.ownDatabase === null
          ? []
          : [{ name: 'write', document: metabaseWritePolicy(place, reader.ownDatabase) } as const]),
      ];
  }
}
