/**
 * Failures as WebHDFS tells them: a status and a RemoteException, of which Hadoop's client makes a
 * Java exception by the name of its class. Pure.
 */
import { Code, StatusError } from '../../base/status.js';
import type { ToldFailure } from '../../net/http-failure.js';

const packages = {
  FileNotFoundException: 'java.io',
  IOException: 'java.io',
  IllegalArgumentException: 'java.lang',
  UnsupportedOperationException: 'java.lang',
  RuntimeException: 'java.lang',
  SecurityException: 'java.lang',
  HadoopIllegalArgumentException: 'org.apache.hadoop',
  FileAlreadyExistsException: 'org.apache.hadoop.fs',
  ParentNotDirectoryException: 'org.apache.hadoop.fs',
  PathIsNotEmptyDirectoryException: 'org.apache.hadoop.fs',
  XAttrNotFoundException: 'org.apache.hadoop.fs',
  AccessControlException: 'org.apache.hadoop.security',
  RetriableException: 'org.apache.hadoop.ipc',
} as const;

export type ExceptionName = keyof typeof packages;

/** Those that are no matter of the arguments or of the name answer 403, as Hadoop's servers do. */
const statuses: Partial<Record<ExceptionName, number>> = {
  FileNotFoundException: 404,
  IllegalArgumentException: 400,
  HadoopIllegalArgumentException: 400,
  UnsupportedOperationException: 400,
  SecurityException: 401,
  RuntimeException: 500,
  RetriableException: 503,
};
const STATUS_OTHERS = 403;

const byCode: Partial<Record<Code, ExceptionName>> = {
  [Code.NOT_FOUND]: 'FileNotFoundException',
  [Code.PERMISSION_DENIED]: 'AccessControlException',
  [Code.ALREADY_EXISTS]: 'FileAlreadyExistsException',
  [Code.INVALID_ARGUMENT]: 'IllegalArgumentException',
  [Code.UNIMPLEMENTED]: 'UnsupportedOperationException',
  [Code.UNAUTHENTICATED]: 'SecurityException',
  [Code.RESOURCE_EXHAUSTED]: 'RetriableException',
  [Code.UNAVAILABLE]: 'RetriableException',
  [Code.INTERNAL]: 'RuntimeException',
};

/** A failure whose name HDFS's rules decide, not the status of the operation. */
export class HdfsFailure extends StatusError {
  readonly exception: ExceptionName;

  constructor(exception: ExceptionName, reason: string) {
    super(Code.FAILED_PRECONDITION, reason);
    this.exception = exception;
  }
}

export const unsupported = (op: string, why: string): HdfsFailure =>
  new HdfsFailure('UnsupportedOperationException', `${op} is not supported: ${why}`);

export function remoteException(error: StatusError): ToldFailure {
  const exception =
    error instanceof HdfsFailure ? error.exception : (byCode[error.code] ?? 'IOException');
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  const javaClassName = `${packages[exception]}.${exception}`;
  const body = JSON.stringify({ RemoteException: { exception, javaClassName, message } });
  const contentType = 'application/json';
  return { status: statuses[exception] ?? STATUS_OTHERS, contentType, body };
}
