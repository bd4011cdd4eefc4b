import type { Reader } from '../schema/readers.ts';
import { alsoReadsPolicy } from './alsoReads.ts';
import type { PolicyScope } from './arns.ts';
import { metabasePolicy, metabaseWritePolicy } from './metabasePolicy.ts';
import { owoxPolicy } from './owoxPolicy.ts';
import type { PolicyDocument } from './policyDocument.ts';
import { readerWorkgroup } from './readerStatements.ts';
import { statsigPolicy } from './statsigPolicy.ts';

/** A policy, and its name among the policies of the same reader. */
export interface NamedPolicy {
  /** What it allows: to read the tables, to write an own database, or to read what the reader also reads. */
  readonly name: 'read' | 'write' | 'also';
  /** The policy as IAM takes it. */
  readonly document: PolicyDocument;
}

/** All that a configured reader may do, whether as a role or as a user. */
export function readerPermissions(scope: PolicyScope, reader: Reader): readonly NamedPolicy[] {
  const also = alsoReadsPolicy(scope, reader);
  return [
    ...ownPermissions(scope, reader),
    ...(also === undefined ? [] : [{ name: 'also', document: also } as const]),
  ];
}

/** Permissions of a reader on the data that Sluice landed. */
function ownPermissions(scope: PolicyScope, reader: Reader): readonly NamedPolicy[] {
  switch (reader.kind) {
    case 'statsig':
      return [{ name: 'read', document: statsigPolicy(scope, readerWorkgroup(scope, reader), reader) }];
    case 'owox':
      return [{ name: 'read', document: owoxPolicy(scope, reader) }];
    case 'metabase':
      return [
        { name: 'read', document: metabasePolicy(scope, readerWorkgroup(scope, reader)) },
        ...(reader.ownDatabase === null
          ? []
          : [{ name: 'write', document: metabaseWritePolicy(scope, reader.ownDatabase) } as const]),
      ];
  }
}
