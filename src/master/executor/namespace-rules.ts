/** What the settings say about the namespace, the same for every executor of a master. */
export type NamespaceRules = {
  /** Members of this group may do anything, as may the superuser. */
  readonly supergroup: string;
  readonly superuser: string;
  readonly permissions: boolean;
  /** Bits taken from default modes. */
  readonly umask: number;
  /** How long deleted inodes can be brought back; 0 = not at all. */
  readonly trashRetentionMs: number;
};

/** These alone, of settings that say more. */
export const namespaceRules = (settings: NamespaceRules): NamespaceRules => {
  const { supergroup, superuser, permissions, umask, trashRetentionMs } = settings;
  return { supergroup, superuser, permissions, umask, trashRetentionMs };
};
