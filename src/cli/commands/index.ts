/** All verbs, in the order in which the help shows them. */
import type { Verb, VerbGroup } from '../verb.js';
import { admin } from './admin.js';
import { appendToFile } from './append-to-file.js';
import { cat } from './cat.js';
import { checksum } from './checksum.js';
import { chmod } from './chmod.js';
import { chgrp, chown } from './chown.js';
import { count } from './count.js';
import { cp } from './cp.js';
import { df } from './df.js';
import { du } from './du.js';
import { find } from './find.js';
import { get } from './get.js';
import { getfacl } from './getfacl.js';
import { getmerge } from './getmerge.js';
import { head } from './head.js';
import { load } from './load.js';
import { ls } from './ls.js';
import { master } from './master.js';
import { mkdir } from './mkdir.js';
import { mount, mounts, unmount, updateMount } from './mount.js';
import { mv } from './mv.js';
import { pin, unpin } from './pin.js';
import { put } from './put.js';
import { rm } from './rm.js';
import { rmdir } from './rmdir.js';
import { setTtl } from './set-ttl.js';
import { setReplication, setrep } from './setrep.js';
import { stat } from './stat.js';
import { tail } from './tail.js';
import { test } from './test.js';
import { text } from './text.js';
import { touch } from './touch.js';
import { expunge, trash } from './trash.js';
import { undelete } from './undelete.js';
import { getfattr, setfattr } from './xattr.js';

export const verbs: readonly Verb[] = [
  ls,
  stat,
  find,
  count,
  du,
  df,
  test,
  cat,
  text,
  head,
  tail,
  checksum,
  mkdir,
  touch,
  put,
  appendToFile,
  get,
  getmerge,
  cp,
  mv,
  rm,
  rmdir,
  undelete,
  trash,
  expunge,
  chmod,
  chown,
  chgrp,
  setTtl,
  setrep,
  setReplication,
  pin,
  unpin,
  setfattr,
  getfattr,
  getfacl,
  load,
  mount,
  updateMount,
  unmount,
  mounts,
];

export const verbGroups: readonly VerbGroup[] = [admin, master];
