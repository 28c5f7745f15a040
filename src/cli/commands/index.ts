/** All verbs, in the order in which the help shows them. */
import type { Verb, VerbGroup } from '../verb.js';
import { admin } from './admin.js';
import { cat } from './cat.js';
import { chmod } from './chmod.js';
import { chgrp, chown } from './chown.js';
import { count } from './count.js';
import { cp } from './cp.js';
import { du } from './du.js';
import { find } from './find.js';
import { get } from './get.js';
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
import { setTtl } from './set-ttl.js';
import { stat } from './stat.js';
import { tail } from './tail.js';
import { test } from './test.js';
import { touch } from './touch.js';
import { undelete } from './undelete.js';
import { getfattr, setfattr } from './xattr.js';

export const verbs: readonly Verb[] = [
  ls,
  stat,
  find,
  count,
  du,
  test,
  cat,
  head,
  tail,
  mkdir,
  touch,
  put,
  get,
  cp,
  mv,
  rm,
  undelete,
  chmod,
  chown,
  chgrp,
  setTtl,
  pin,
  unpin,
  setfattr,
  getfattr,
  load,
  mount,
  updateMount,
  unmount,
  mounts,
];

export const verbGroups: readonly VerbGroup[] = [admin, master];
