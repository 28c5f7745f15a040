/** Why an entry of a store is left out of a namespace: the words and what they mean. Pure. */
export const skipTexts = {
  name: 'the namespace cannot hold the name',
  encoding: 'the name is not UTF-8',
  size: 'no length that a file can have',
  time: 'no time that a file can have',
  content: 'it has content, but the name of a directory',
  link: 'a link to a directory, out of the mount, or to nothing',
  special: 'a socket, pipe or device',
} as const;

export type SkipReason = keyof typeof skipTexts;
