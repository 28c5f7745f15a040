/**
 * File systems that are an interface of the kernel and store nothing: processes, devices, control
 * groups. Nobody may mount them. /dev/shm is an ordinary file system in memory.
 */
import { statfs } from 'node:fs/promises';

/** f_type of statfs(2), from linux/magic.h. */
const KERNEL_TYPES: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x1cd1, // devpts
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x62656570, // configfs
  0xcafe4a11, // bpf
  0x19800202, // mqueue
  0x42494e4d, // binfmt_misc
  0xde5e81e4, // efivarfs
]);

/** Whether a real path, which exists, lies in one of them. */
export async function isKernelPath(realPath: string): Promise<boolean> {
  if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(realPath) && !/^\/dev\/shm(?:\/|$)/.test(realPath)) {
    return true;
  }
  const { type } = await statfs(realPath);
  return KERNEL_TYPES.has(type);
}
