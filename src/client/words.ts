/** Maps the words of the public types to the numbers of the wire and back. */
import {
  Descendants,
  JobState,
  LoadType,
  TtlAction,
  XAttrPropagation,
  XAttrUpdate,
} from '../wire/generated/index.js';
import type {
  DescendantsName,
  JobStateName,
  LoadTypeName,
  TtlActionName,
  XattrPropagationName,
  XattrUpdateName,
} from './types.js';

export const ttlActions: Readonly<Record<TtlActionName, TtlAction>> = {
  delete: TtlAction.DELETE,
  free: TtlAction.FREE,
  deleteAlluxio: TtlAction.DELETE_ALLUXIO,
};

export const loadTypes: Readonly<Record<LoadTypeName, LoadType>> = {
  once: LoadType.ONCE,
  never: LoadType.NEVER,
  always: LoadType.ALWAYS,
};

export const descendants: Readonly<Record<DescendantsName, Descendants>> = {
  none: Descendants.NONE,
  one: Descendants.ONE,
  all: Descendants.ALL,
};

export const xattrUpdates: Readonly<Record<XattrUpdateName, XAttrUpdate>> = {
  truncate: XAttrUpdate.TRUNCATE,
  unionReplace: XAttrUpdate.UNION_REPLACE,
  unionPreserve: XAttrUpdate.UNION_PRESERVE,
  deleteKeys: XAttrUpdate.DELETE_KEYS,
};

export const xattrPropagations: Readonly<Record<XattrPropagationName, XAttrPropagation>> = {
  leafNode: XAttrPropagation.LEAF_NODE,
  newPaths: XAttrPropagation.NEW_PATHS,
};

const jobStates: Readonly<Record<JobState, JobStateName>> = {
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.FAILED]: 'failed',
  [JobState.CANCELLED]: 'cancelled',
};

/** A state of a later version counts as running: the caller asks again. */
export const jobStateName = (state: number): JobStateName =>
  jobStates[state as JobState] ?? 'running';
