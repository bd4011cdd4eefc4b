import type { z } from 'zod';

/** Who can correct an error: the caller or the author of the configuration (`user`), or the operator of the machine (`system`). */
type Fault = 'user' | 'system';

/** One code of a family: what happened and what to do about it, a sentence each. */
interface ErrorEntry {
  /** What happened, in a sentence. */
  readonly cause: string;
  /** What the reader does about it, in a sentence. */
  readonly cure: string;
}

/** How the errors of this process present themselves. */
interface ErrorTexts {
  /** Stands before every code. Default `LOCAL_AWS_`. */
  readonly prefix: string;
  /** Cures that name the host's own options and documents, by code without prefix. Default none. */
  readonly cures: Readonly<Record<string, string>>;
}

let texts: ErrorTexts = { prefix: 'LOCAL_AWS_', cures: {} };

/** Sets the prefix of every code and the cures of some, for this process: call it before anything is started. */
export function configureErrors(configured: Partial<ErrorTexts>): void {
  texts = { ...texts, ...configured };
}

/** An error with a stable code, a cause and a cure. Thrown as a member of a family. */
export class LocalAwsError extends Error {
  /** The code with the configured prefix, e.g. `LOCAL_AWS_DISK_DAMAGED`. */
  readonly code: string;
  /** The code without prefix, e.g. `DISK_DAMAGED`. */
  readonly kind: string;
  /** Who can mend an error of the family. */
  readonly fault: Fault;
  /** What the reader does about it, in a sentence. */
  readonly cure: string;
  /** The thing at hand: a path, a member, a port. */
  readonly detail: string;

  constructor(kind: string, fault: Fault, entry: ErrorEntry, detail: string, options?: ErrorOptions) {
    super(detail === '' ? entry.cause : `${entry.cause} ${detail}`, options);
    this.kind = kind;
    this.code = `${texts.prefix}${kind}`;
    this.name = this.code;
    this.fault = fault;
    this.cure = texts.cures[kind] ?? entry.cure;
    this.detail = detail;
  }
}

/** The class that {@link defineErrorFamily} returns. */
interface ErrorFamily<Name extends string> {
  new (name: Name, detail?: string, options?: ErrorOptions): LocalAwsError;
  /** Every code of the family, prefixed, with its cause and cure. */
  readonly entries: Readonly<Record<string, ErrorEntry>>;
  /** Who can mend an error of the family. */
  readonly fault: Fault;
}

/** Makes the error class of one area out of its codes without prefix. */
function defineErrorFamily<const Entries extends { readonly [name: string]: ErrorEntry }>(
  fault: Fault,
  entries: Entries,
): ErrorFamily<Extract<keyof Entries, string>> {
  type Name = Extract<keyof Entries, string>;
  const byName: Readonly<Record<Name, ErrorEntry>> = entries;
  return class extends LocalAwsError {
    static readonly fault = fault;
    static get entries(): Readonly<Record<string, ErrorEntry>> {
      return Object.fromEntries(
        Object.entries<ErrorEntry>(byName).map(([name, { cause, cure }]) => [
          `${texts.prefix}${name}`,
          { cause, cure: texts.cures[name] ?? cure },
        ]),
      );
    }
    constructor(name: Name, detail = '', options?: ErrorOptions) {
      super(name, fault, byName[name], detail, options);
    }
  };
}

/** Problems that keep the local cloud from starting. */
export const LocalCloudError = defineErrorFamily('user', {
  LOCAL_DATA_IN_USE: {
    cause: 'Another local cloud uses this data directory.',
    cure: 'Stop it, or start this one with another directory. If its process number was reused after a crash, delete the named file.',
  },
  LOCAL_DATA_NOT_YOURS: {
    cause: 'The data directory belongs to another user of this machine, who could read what is kept in it.',
    cure: 'Start the local cloud with a directory of your own.',
  },
  LOCAL_PORT_IN_USE: {
    cause: 'A port is taken.',
    cure: 'Choose another port; 0 takes any free one.',
  },
  LOCAL_FUNCTION_UNKNOWN: {
    cause: 'The template refers to a function that it does not have.',
    cure: 'Compare the targets of events and schedules with the functions of the template.',
  },
});

/** Wrong calls of the control API. */
export const ControlError = defineErrorFamily('user', {
  CONTROL_UNKNOWN: {
    cause: 'The control call does not exist.',
    cure: 'Use one of the calls that the message lists, below the control path.',
  },
  CONTROL_NOT_READY: { cause: 'The local cloud is still starting.', cure: 'Call again in a moment.' },
  CONTROL_BODY: {
    cause: 'The body or the query of the control call is not understood.',
    cure: 'See the README for the shape of each call.',
  },
});

/** Problems with the files that hold the local cloud's state. */
export const DiskError = defineErrorFamily('system', {
  DISK_DAMAGED: {
    cause:
      "A file of the local cloud's data can't be read: something else has changed it, or another version wrote it.",
    cure: 'Repair or remove what is named, or delete the data directory to start again without data.',
  },
  DISK_FULL: {
    cause: 'The disk is full: what could not be written is not acknowledged.',
    cure: 'Free some space on the disk of the data directory. Acknowledged data is kept.',
  },
  DISK_NOT_WRITABLE: {
    cause:
      'The local cloud may not write in its data directory: what could not be written is not acknowledged.',
    cure: 'Make the directory writable for the user that runs the local cloud, or start it with another directory.',
  },
  DISK_FOREIGN: {
    cause: 'Something that the local cloud has not made is where it keeps its data.',
    cure: 'Move away what is named, or start the local cloud with another directory.',
  },
});

/** Why the local cloud refuses a request before it looks at what the request asks for. */
export const RequestGuardError = defineErrorFamily('user', {
  LOCAL_HOST_REFUSED: {
    cause: 'The Host of the request is not a name of this machine.',
    cure: 'Send the request to 127.0.0.1, localhost or a name that ends in .localhost. If another name leads to this machine on purpose, allow it (`allowedHosts`).',
  },
  LOCAL_ORIGIN_REFUSED: {
    cause: 'A web page of another site sent the request.',
    cure: 'Open the page from this machine (http://localhost:…), or allow the host of the page (`allowedHosts`).',
  },
});

/** Problems that keep the local Firehose from delivering. */
export const FirehoseError = defineErrorFamily('system', {
  FIREHOSE_UNDELIVERED: {
    cause: 'A delivery stream could not write to S3; the data is kept and tried again.',
    cure: 'Read what S3 answered. Nothing that was acknowledged is lost.',
  },
});

/** Problems with a query over the local tables. */
export const QueryError = defineErrorFamily('user', {
  QUERY_NO_DATA: {
    cause: 'There is no catalog to query.',
    cure: 'Start the local cloud once with this data directory, or name another directory.',
  },
  QUERY_FAILED: {
    cause: 'DuckDB could not answer the query.',
    cure: 'Correct the SQL; `show all tables` lists the tables, `describe <table>` a table’s columns.',
  },
  QUERY_NO_SELECT: {
    cause: 'The text is not one statement that only reads.',
    cure: 'Write one SELECT, WITH, FROM, VALUES, SHOW, DESCRIBE or SUMMARIZE.',
  },
});

/** Problems with the folder in which the embedded S3 stores its objects. */
export const StoreError = defineErrorFamily('system', {
  S3_FILE_MISSING: {
    cause: "An object's file is not where the embedded S3 put it: something else moved or removed it.",
    cure: 'Put the file back, or delete the object through S3 (`aws s3 rm`): delete nothing in the data folder by hand.',
  },
  S3_FILE_DAMAGED: {
    cause: "An object's file is not as the embedded S3 wrote it: something else changed it.",
    cure: 'Put the file back as it was, or write or delete the object through S3: change nothing in the data folder by hand.',
  },
});

/** Problems that keep the stack from being updated. */
export const StackError = defineErrorFamily('user', {
  STACK_UPDATE_FAILED: {
    cause: 'The stack could not be brought to the template. What was set before the failure stays as it is.',
    cure: 'Change the template as the reason says, and start again.',
  },
});

/** Problems that keep the local cloud from being built from a template. */
export const TemplateError = defineErrorFamily('user', {
  TEMPLATE_INVALID: {
    cause: 'The template is not one that the local cloud can read.',
    cure: 'Correct the named member of the template.',
  },
  TEMPLATE_RESOURCE_UNSUPPORTED: {
    cause: 'The template has a resource of a type that the local cloud neither builds nor knows to be inert.',
    cure: 'Add the type to packages/local-aws/src/template/resourceTypes.ts, or take the resource out of the template.',
  },
  TEMPLATE_INTRINSIC_UNSUPPORTED: {
    cause: 'The template uses an intrinsic function that the local cloud does not evaluate.',
    cure: 'Use Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select or Fn::Split, or add the function to packages/local-aws/src/template/evaluate.ts.',
  },
  TEMPLATE_REFERENCE_UNKNOWN: {
    cause: 'The template refers to something that is not there.',
    cure: 'Name a logical ID of the template, one of its documented attributes, or a supported pseudo parameter.',
  },
  TEMPLATE_CYCLE: {
    cause: 'Resources of the template depend on each other in a circle; AWS would refuse it too.',
    cure: 'Break the circle: name one of the ARNs by its parts instead of referring to the resource.',
  },
});

/** The message of what was thrown, which need not be an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What each alternative of a union finds wrong, where Zod says only "Invalid input"; undefined for any other issue. It is the
 * option `error` of a parse.
 */
export function unionMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return undefined;
  return issue.errors.flatMap((problems) => problems.map(({ message }) => message)).join('; or ');
}
